import type { ForeignGrpcClient, ForeignMessage } from '../support/foreign-grpc.ts';
import { createGraph, expectOk, type Tenant } from '../support/rest.ts';
import { createSchema, datasetFolder, importData, NotLoadable } from './dataset.ts';
import { MeshGraph } from './mesh-graph.ts';
import type { TestFile } from './test-file.ts';

const wipesMax = 40;

/**
 * One graph at a time, used again where that is possible: a new engine process takes a second, emptying a graph less.
 * A graph that was emptied numbers its tables from where it was; texts of ids are counted from there.
 */
export class Lane {
  readonly #tenant: Tenant;
  readonly #grpc: ForeignGrpcClient;
  /** Told of what went right the second time, and should have the first. */
  readonly #onTrouble: (what: string) => void;
  readonly #problems = new Map<string, string>();
  #graph: MeshGraph | undefined;
  #dataset: string | undefined;
  #isLoaded = false;
  #isFresh = false;
  #wipes = 0;

  constructor(tenant: Tenant, grpc: ForeignGrpcClient, onTrouble: (what: string) => void) {
    this.#tenant = tenant;
    this.#grpc = grpc;
    this.#onTrouble = onTrouble;
  }

  /** True where the graph is new but for its dataset: a failure on it is no trace of an earlier case. */
  get isFresh(): boolean {
    return this.#isFresh;
  }

  /** True while the graph holds this file's dataset as it was loaded. */
  holds(file: TestFile): boolean {
    return this.#isLoaded && !this.#graph?.hasChanged && this.#dataset === datasetFolder(file);
  }

  /** The graph with a file's dataset and nothing else. Throws NotLoadable. */
  async open(file: TestFile, wantsFresh = false): Promise<MeshGraph> {
    const folder = datasetFolder(file);
    const problem = this.#problems.get(folder ?? '');
    if (problem) throw new NotLoadable(problem);
    if (wantsFresh) await this.discard();
    if (this.#graph && this.holds(file)) return this.#graph;
    try {
      return await this.#load(folder);
    } catch (error) {
      if (!(error instanceof NotLoadable)) throw error;
      if (!this.isFresh) {
        this.#onTrouble(`${folder} on a used graph: ${error.message}`);
        return this.open(file, true);
      }
      this.#problems.set(folder ?? '', error.message);
      throw error;
    }
  }

  async #load(folder: string | undefined): Promise<MeshGraph> {
    const graph = await this.#emptyGraph();
    this.#dataset = folder;
    if (folder) {
      await createSchema(graph, folder);
      await importData(graph, folder);
    }
    this.#isLoaded = true;
    graph.hasChanged = false;
    return graph;
  }

  /** Deletes the graph; the next one is new. */
  async discard(): Promise<void> {
    const graph = this.#graph;
    this.#graph = undefined;
    this.#isLoaded = false;
    if (graph) expectOk(await this.#tenant.rest.delete(`/v1/graphs/${graph.graphId}`));
  }

  async #emptyGraph(): Promise<MeshGraph> {
    this.#isLoaded = false;
    if (this.#graph && this.#wipes < wipesMax && (await this.#wipe(this.#graph))) {
      this.#wipes += 1;
      this.#isFresh = false;
      return this.#graph;
    }
    await this.discard();
    this.#graph = new MeshGraph(this.#grpc, await createGraph(this.#tenant.rest, 'corpus'));
    this.#isFresh = true;
    this.#wipes = 0;
    return this.#graph;
  }

  /** Drops every table; false where one cannot be dropped. */
  async #wipe(graph: MeshGraph): Promise<boolean> {
    const { nodeTables = [], relationshipTables = [] } = await graph.schema();
    const statements = [...relationshipTables, ...nodeTables].map(
      ({ name }: ForeignMessage) => `DROP TABLE \`${name}\``,
    );
    statements.push('CREATE NODE TABLE probe(id INT64 PRIMARY KEY)');
    for (const statement of statements) {
      if ((await graph.run(statement, 'ddl')).kind === 'error') return false;
    }
    graph.firstTable = 0n;
    const probe = await graph.run('CREATE (n:probe {id: 0}) RETURN id(n)', 'write');
    const id = probe.kind === 'rows' ? /^(\d+):/.exec(probe.tuples[0] ?? '')?.[1] : undefined;
    if (id === undefined) return false;
    graph.firstTable = BigInt(id) + 1n;
    return (await graph.run('DROP TABLE probe', 'ddl')).kind === 'rows';
  }
}
