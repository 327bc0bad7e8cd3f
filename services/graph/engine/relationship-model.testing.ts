import { kindsOf, type TestGraph } from './testing.ts';

/** The tables of the model: two of nodes, and relationships between and within them. */
export const relationshipTables = {
  L: { from: 'A', to: 'A' },
  P: { from: 'A', to: 'B' },
  Q: { from: 'B', to: 'B' },
  S: { from: 'B', to: 'A' },
} as const;

export type NodeTable = 'A' | 'B';
export type RelationshipTable = keyof typeof relationshipTables;

interface Relationship {
  readonly from: number;
  readonly to: number;
  value: number;
}

/** Ids from `first` up to, not including, `end`. */
export interface Ids {
  readonly first: number;
  readonly end: number;
}

/** What a graph has to hold after statements that create and delete, which it makes of a graph and of itself. */
export class RelationshipModel {
  readonly #nodes: Record<NodeTable, Set<number>> = { A: new Set(), B: new Set() };
  readonly #relationships: Record<RelationshipTable, Relationship[]> = { L: [], P: [], Q: [], S: [] };
  #value = 0;

  async define(graph: TestGraph): Promise<void> {
    for (const table of ['A', 'B']) await graph.execute(`CREATE NODE TABLE ${table}(id INT64 PRIMARY KEY)`);
    for (const [name, { from, to }] of Object.entries(relationshipTables)) {
      await graph.execute(
        `CREATE REL TABLE ${name}(FROM ${from} TO ${to}${hasValue(name) ? ', p INT64' : ''})`,
      );
    }
  }

  async create(graph: TestGraph, table: NodeTable, ids: Ids): Promise<void> {
    const known = this.#nodes[table];
    for (let { first } = ids; first < ids.end; first += 1) {
      if (known.has(first)) continue;
      let end = first + 1;
      while (end < ids.end && !known.has(end)) end += 1;
      await graph.execute(`UNWIND range(${first}, ${end - 1}) AS i CREATE (:${table} {id: i})`);
      for (const id of range({ first, end })) known.add(id);
    }
  }

  async relate(
    graph: TestGraph,
    name: RelationshipTable,
    pairs: readonly (readonly number[])[],
  ): Promise<void> {
    const { from, to } = relationshipTables[name];
    const made = pairs
      .filter(([a = -1, b = -1]) => this.#nodes[from].has(a) && this.#nodes[to].has(b))
      .map(([a = -1, b = -1]) => ({ from: a, to: b, value: this.#nextValue() }));
    if (made.length === 0) return;
    const rows = list(made.map((each) => list([each.from, each.to, each.value])));
    await graph.execute(
      `UNWIND ${rows} AS x MATCH (a:${from} {id: x[1]}), (b:${to} {id: x[2]})
       CREATE (a)-[:${name} ${hasValue(name) ? '{p: x[3]}' : ''}]->(b)`,
    );
    this.#relationships[name].push(...made);
  }

  async unrelate(graph: TestGraph, name: RelationshipTable, ids: Ids, end: 'from' | 'to'): Promise<void> {
    await graph.execute(`${matchOf(name)} WHERE ${between(end === 'from' ? 'a' : 'b', ids)} DELETE r`);
    this.#keep(name, (each) => !isIn(each[end], ids));
  }

  async update(graph: TestGraph, name: 'P' | 'Q', ids: Ids): Promise<void> {
    const value = this.#nextValue();
    await graph.execute(`${matchOf(name)} WHERE ${between('a', ids)} SET r.p = ${value}`);
    for (const each of this.#relationships[name]) if (isIn(each.from, ids)) each.value = value;
  }

  async detach(graph: TestGraph, table: NodeTable, ids: Ids): Promise<void> {
    await graph.execute(`MATCH (n:${table}) WHERE ${between('n', ids)} DETACH DELETE n`);
    for (const id of range(ids)) this.#forget(table, id);
  }

  /** Deletes nodes because of relationships that go with them. */
  async detachRelated(graph: TestGraph, name: RelationshipTable, ids: Ids): Promise<void> {
    const gone = this.#relationships[name].filter((each) => isIn(each.to, ids));
    await graph.execute(`${matchOf(name)} WHERE ${between('b', ids)} DETACH DELETE a`);
    for (const { from } of gone) this.#forget(relationshipTables[name].from, from);
  }

  /** What differs between the graph and the model: nodes, and relationships as they are found from either end. */
  async differences(graph: TestGraph): Promise<string[]> {
    const found: string[] = [];
    for (const table of ['A', 'B'] as const) {
      const rows = await rowsOf(graph, `MATCH (n:${table}) RETURN n.id`);
      found.push(...compare(table, rows, [...this.#nodes[table]].map(String)));
    }
    for (const name of Object.keys(relationshipTables) as RelationshipTable[]) {
      const made = this.#relationships[name].map(({ from, to, value }) =>
        hasValue(name) ? `${from} ${to} ${value}` : `${from} ${to}`,
      );
      for (const way of ['HINT (a JOIN r) JOIN b', 'HINT a JOIN (r JOIN b)']) {
        const columns = hasValue(name) ? 'a.id, b.id, r.p' : 'a.id, b.id';
        const rows = await rowsOf(graph, `${matchOf(name)} ${way} RETURN ${columns}`);
        found.push(...compare(`${name} by ${way}`, rows, made));
      }
    }
    return found;
  }

  #nextValue(): number {
    this.#value += 1;
    return this.#value;
  }

  #forget(table: NodeTable, id: number): void {
    this.#nodes[table].delete(id);
    for (const [name, { from, to }] of Object.entries(relationshipTables)) {
      this.#keep(name as RelationshipTable, (each) => {
        return (from !== table || each.from !== id) && (to !== table || each.to !== id);
      });
    }
  }

  #keep(name: RelationshipTable, stays: (each: Relationship) => boolean): void {
    this.#relationships[name] = this.#relationships[name].filter(stays);
  }
}

function hasValue(name: string): boolean {
  return name === 'P' || name === 'Q';
}

function matchOf(name: RelationshipTable): string {
  const { from, to } = relationshipTables[name];
  return `MATCH (a:${from})-[r:${name}]->(b:${to})`;
}

function between(variable: string, { first, end }: Ids): string {
  return `${variable}.id >= ${first} AND ${variable}.id < ${end}`;
}

function isIn(id: number, { first, end }: Ids): boolean {
  return id >= first && id < end;
}

function range({ first, end }: Ids): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

function list(items: readonly (number | string)[]): string {
  return `[${items.join(', ')}]`;
}

async function rowsOf(graph: TestGraph, statement: string): Promise<string[]> {
  const { rows } = await graph.query(statement);
  return rows.map((row) =>
    (kindsOf({ rows: [row] }) as { value: bigint }[]).map(({ value }) => value).join(' '),
  );
}

/** Names at most a few of what is missing or too much. */
function compare(what: string, found: readonly string[], made: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const each of made) left.set(each, (left.get(each) ?? 0) + 1);
  for (const each of found) left.set(each, (left.get(each) ?? 0) - 1);
  const wrong = [...left].filter(([, count]) => count !== 0);
  const told = wrong.slice(0, 5).map(([each, count]) => `${each} (${count > 0 ? 'missing' : 'too much'})`);
  return wrong.length > 0 ? [`${what}: ${wrong.length} wrong, such as ${told.join(', ')}`] : [];
}
