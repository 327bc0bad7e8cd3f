import { expect } from 'vitest';
import type { ValueKind } from '../../services/graph/domain/values/value.ts';
import { type EngineTypeValues, type EngineValue, engineTypes } from './engine-values.ts';
import type { SaidValue, ValueClient } from './value-clients.ts';
import { commonContexts, storedContexts, toCell, type ValueContext } from './value-contexts.ts';
import { refusalOf } from './value-refusals.ts';

interface Cell extends SaidValue {
  readonly context: string;
  readonly leafType: string;
  readonly leaf: ValueKind;
  readonly cypher: string | undefined;
}

export function cellsOf(
  contexts: readonly ValueContext[],
  leafType: string,
  values: EngineTypeValues['values'],
): Cell[] {
  return contexts.flatMap((context) =>
    values.map((value) => ({
      ...toCell(context, leafType, value),
      context: context.name,
      leafType,
      leaf: value.kind,
    })),
  );
}

/** One call for all cells that are carried; one for each that is refused. */
export async function expectCells(
  client: ValueClient,
  cells: readonly Cell[],
  direction: 'in' | 'out',
  say: (cell: Cell) => { readonly expression: string; readonly parameters: readonly SaidValue[] },
): Promise<void> {
  const ask = (asked: readonly Cell[]) => {
    const parameters: Record<string, SaidValue> = {};
    const items = asked.map((cell, index) => {
      const { expression, parameters: given } = say(cell);
      for (const each of given) parameters[`p${index}`] = each;
      return `${expression === '$' ? `$p${index}` : expression} AS c${index}`;
    });
    return client.run('query', `RETURN ${items.join(', ')}`, parameters);
  };
  const carried = cells.filter((cell) => !refusalOf(direction, cell));
  for (const cell of cells.filter((each) => !carried.includes(each))) {
    expect(await ask([cell]), nameOf(cell)).toBe(refusalOf(direction, cell));
  }
  const answer = await ask(carried);
  if (typeof answer !== 'string') {
    for (const [index, cell] of carried.entries()) {
      expect(answer[0]?.[index], nameOf(cell)).toEqual(client.shows(cell));
    }
    return;
  }
  // Which of them it was.
  for (const cell of carried) {
    expect(await ask([cell]), nameOf(cell)).toEqual([[client.shows(cell)]]);
  }
  expect(answer).toBe('an answer to all of them at once');
}

/** Makes the tables that expectStored writes to. */
export async function createValueTables(client: ValueClient): Promise<void> {
  for (const { type } of engineTypes) {
    const columns = [...commonContexts, ...storedContexts].map((context, index) => {
      return `p${index} ${context.type(type)}`;
    });
    const [table, rest] = [tableOf(type), columns.join(', ')];
    await run(client, 'execute', `CREATE NODE TABLE ${table}(id INT64 PRIMARY KEY, ${rest})`);
    await run(client, 'execute', `CREATE REL TABLE R${table}(FROM ${table} TO ${table}, ${rest})`);
  }
}

/** Writes values in every context with nodes and relationships, then reads these in every way. */
export async function expectStored(
  client: ValueClient,
  type: string,
  values: readonly EngineValue[],
  firstId: number,
): Promise<void> {
  const table = tableOf(type);
  const stored = values.map((value, index) => {
    return {
      value,
      id: firstId + index,
      cells: cellsOf([...commonContexts, ...storedContexts], type, [value]),
    };
  });
  const parameters: Record<string, SaidValue> = {};
  const bodies = stored.map(({ id, cells }) => {
    const assignments = cells.map((cell, index) => {
      return `p${index}: ${isKept(cell) ? write(cell, `v${id}_${index}`, parameters) : 'NULL'}`;
    });
    return { id, text: assignments.join(', ') };
  });
  const nodes = bodies.map(({ id, text }) => `(n${id}:${table} {id: ${id}, ${text}})`);
  const rels = bodies.map(({ id, text }) => `(n${id})-[:R${table} {${text}}]->(n${id})`);
  await run(client, 'execute', `CREATE ${[...nodes, ...rels].join(', ')}`, parameters);

  const isOurs = `n.id >= ${firstId} AND n.id < ${firstId + values.length}`;
  const pattern = `MATCH p = (n:${table})-[r:R${table}]->(m:${table}) WHERE ${isOurs}`;
  for (const [holder, expression] of holders) {
    const returned = expression.startsWith('collect')
      ? `WITH n ORDER BY n.id LIMIT ${values.length} RETURN ${expression} AS x`
      : `RETURN ${expression} AS x ORDER BY n.id`;
    const answer = await client.run('query', `${pattern} ${returned}`);
    if (typeof answer === 'string') expect.fail(`${type} in ${holder}: ${answer}`);
    const found = answer.map(([x]) => (client.name === 'REST' ? restProperties(x) : typedProperties(x)));
    // A list holds those of all values, in one row.
    const rows = found.length === 1 ? (found[0] ?? []).map((each) => [each]) : found;
    expect(rows.length, `${type} in ${holder}`).toBe(values.length);
    for (const [at, { cells }] of stored.entries()) {
      for (const held of rows[at] ?? []) {
        for (const [index, cell] of cells.entries()) {
          const expected = !isKept(cell) ? (client.name === 'REST' ? null : nullKind) : client.shows(cell);
          expect(held[`p${index}`], `${nameOf(cell)} in ${holder}`).toEqual(expected);
        }
      }
    }
  }
  await expectRefusedWithin(
    client,
    type,
    stored.flatMap(({ cells }) => cells),
    firstId + values.length,
  );
}

/** What no node can hold and be told of, each on its own. */
async function expectRefusedWithin(client: ValueClient, type: string, cells: readonly Cell[], id: number) {
  for (const [index, cell] of cells.entries()) {
    const reason = refusalOf('held', cell);
    // What is not written at all is refused on its way out of the engine already.
    if (!reason || reason === 'STATEMENT_NOT_ALLOWED' || (cell.cypher === undefined && !isBound(cell)))
      continue;
    const parameters: Record<string, SaidValue> = {};
    const property = `p${index % (commonContexts.length + storedContexts.length)}`;
    const written = write(cell, 'v', parameters);
    const node = `(n:${tableOf(type)} {id: ${id + index}, ${property}: ${written}})`;
    await run(client, 'execute', `CREATE ${node}`, parameters);
    const answer = await client.run(
      'query',
      `MATCH (n:${tableOf(type)} {id: ${id + index}}) RETURN [n] AS x`,
    );
    expect(answer, `${nameOf(cell)} in a list of nodes`).toBe(reason);
  }
}

/** A parameter where it can be one, else what the language writes. */
function write(cell: Cell, name: string, parameters: Record<string, SaidValue>): string {
  if (!isBound(cell)) return cell.cypher ?? 'NULL';
  parameters[name] = cell;
  return `$${name}`;
}

function isKept(cell: Cell): boolean {
  return !refusalOf('held', cell) && (isBound(cell) || cell.cypher !== undefined);
}

/** The ways in which stored values come back. */
const holders = [
  ['a node', 'n'],
  ['a relationship', 'r'],
  ['a path', 'p'],
  ['a list of nodes', 'collect(n)'],
  ['a struct of a relationship', '{r: r}'],
  ['a list of structs of nodes', '[{n: n}]'],
] as const;

/** Arrays and unions are no parameters, and some values cannot be. */
function isBound(cell: Cell): boolean {
  return (
    commonContexts.some(({ name }) => name === cell.context) && refusalOf('in', cell) !== 'PARAMETER_INVALID'
  );
}

const nullKind = expect.objectContaining({ case: 'nullValue' });

type Properties = Readonly<Record<string, unknown>>;

/** The properties of all nodes and relationships in a value. */
function typedProperties(kind: unknown): Properties[] {
  const { case: name, value } = kind as ValueKind;
  if (name === 'nodeValue' || name === 'relationshipValue') {
    return [Object.fromEntries(value.properties.map((each) => [each.name, each.value?.kind]))];
  }
  if (name === 'pathValue') {
    const parts = [
      ...value.nodes.map((each) => ({ case: 'nodeValue', value: each })),
      ...value.relationships.map((each) => ({ case: 'relationshipValue', value: each })),
    ];
    return parts.flatMap(typedProperties);
  }
  if (name === 'listValue') return value.values.flatMap((each) => typedProperties(each.kind));
  return name === 'structValue' ? value.fields.flatMap((field) => typedProperties(field.value?.kind)) : [];
}

function restProperties(json: unknown): Properties[] {
  const object = json as Properties;
  return '_label' in object ? [object] : Object.values(object).flatMap(restProperties);
}

function nameOf({ leafType, leaf, context }: Cell): string {
  const value = JSON.stringify(leaf.value, (_, each) => (typeof each === 'bigint' ? String(each) : each));
  return `${leafType} ${value.slice(0, 80)} in ${context}`;
}

export function tableOf(type: string): string {
  return `T_${type.replaceAll(/\W+/g, '_')}`;
}

async function run(client: ValueClient, ...call: Parameters<ValueClient['run']>): Promise<unknown[][]> {
  const answer = await client.run(...call);
  if (typeof answer === 'string') throw new Error(`${answer}: ${call[1].slice(0, 300)}`);
  return answer;
}
