import type { Command } from 'commander';
import { type Cli, openApi } from '../cli.ts';
import { show } from '../output/show.ts';
import { toTable } from '../output/table.ts';

interface Schema {
  readonly nodeTables: readonly {
    readonly name: string;
    readonly primaryKey: string;
    readonly properties: readonly Property[];
  }[];
  readonly relationshipTables: readonly {
    readonly name: string;
    readonly connections: readonly { readonly fromLabel: string; readonly toLabel: string }[];
    readonly properties: readonly Property[];
  }[];
}

interface Property {
  readonly name: string;
  readonly type: string;
}

/** `trellis schema`: the tables of a graph. */
export function addSchema(program: Command, cli: Cli): void {
  program
    .command('schema')
    .description('show the tables of a graph')
    .argument('<graph>', 'the id of the graph')
    .action(async (graph: string) => {
      const api = await openApi(cli);
      const schema = await api.call<Schema>('GET', `/v1/graphs/${encodeURIComponent(graph)}/schema`);
      await show(cli, schema, () => toText(schema));
    });
}

function toText({ nodeTables, relationshipTables }: Schema): string {
  const nodes = nodeTables.flatMap(({ name, primaryKey, properties }) =>
    properties.map((property, index) => {
      const isKey = property.name === primaryKey;
      return [index === 0 ? name : '', property.name, property.type, isKey ? 'primary key' : ''];
    }),
  );
  const relationships = relationshipTables.flatMap(({ name, connections, properties }) =>
    connections.map(({ fromLabel, toLabel }, index) => {
      const own = properties.map((property) => `${property.name} ${property.type}`).join(', ');
      return index === 0 ? [name, fromLabel, toLabel, own] : ['', fromLabel, toLabel, ''];
    }),
  );
  return (
    toTable(['node table', 'property', 'type', ''], nodes) +
    toTable(['relationship table', 'from', 'to', 'properties'], relationships)
  );
}
