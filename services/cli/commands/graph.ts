import type { Command } from 'commander';
import { listAll } from '../api/list-all.ts';
import { type Cli, openApi } from '../cli.ts';
import { show } from '../output/show.ts';
import { toTable } from '../output/table.ts';

interface Graph {
  readonly graphId: string;
  readonly displayName: string;
  readonly tier: string;
  readonly state: string;
  readonly createTime: string;
}

/** `trellis graph`: the graphs of the caller's organization. */
export function addGraph(program: Command, cli: Cli): void {
  const graph = program.command('graph').description('graphs');
  graph
    .command('create')
    .description('create an empty graph')
    .argument('<name>', 'a name for people')
    .option('--tier <tier>', 'standard, enterprise or premium; default: standard, or that of the parent')
    .option('--parent <graph>', 'the graph to be a subgraph of')
    .action(async (displayName: string, { tier, parent }: { tier?: string; parent?: string }) => {
      const api = await openApi(cli);
      const wantedTier = tier ?? (parent === undefined ? 'standard' : undefined);
      const answer = await api.call<{ graph: Graph }>('POST', '/v1/graphs', {
        displayName,
        ...(wantedTier === undefined ? {} : { tier: wantedTier }),
        ...(parent === undefined ? {} : { parentGraphId: parent }),
      });
      await show(cli, answer, () => toText([answer.graph]));
    });
  graph
    .command('list')
    .description('list the graphs that you may see')
    .action(async () => {
      const graphs = await listAll<Graph>(await openApi(cli), '/v1/graphs', 'graphs');
      await show(cli, { graphs }, () => toText(graphs));
    });
  graph
    .command('get')
    .description('describe a graph')
    .argument('<graph>', 'the id of the graph')
    .action(async (id: string) => {
      const api = await openApi(cli);
      const answer = await api.call<{ graph: Graph }>('GET', `/v1/graphs/${encodeURIComponent(id)}`);
      await show(cli, answer, () => toText([answer.graph]));
    });
  graph
    .command('delete')
    .description('delete a graph with all its data; there is no way back')
    .argument('<graph>', 'the id of the graph')
    .action(async (id: string) => {
      const api = await openApi(cli);
      const answer = await api.call('DELETE', `/v1/graphs/${encodeURIComponent(id)}`);
      await show(cli, answer, () => 'Deleted.\n');
    });
}

function toText(graphs: readonly Graph[]): string {
  const rows = graphs.map(({ graphId, displayName, tier, state, createTime }) => {
    return [graphId, displayName, tier, state.replace('GRAPH_STATE_', '').toLowerCase(), createTime];
  });
  return toTable(['id', 'name', 'tier', 'state', 'created'], rows);
}
