import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { int64 } from '../../services/graph/domain/values/kinds.testing.ts';
import type { ValueKind } from '../../services/graph/domain/values/value.ts';
import { type EngineTypeValues, type EngineValue, engineTypes } from '../support/engine-values.ts';
import { type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant } from '../support/rest.ts';
import { createValueClients, type SaidValue, type ValueClient } from '../support/value-clients.ts';
import { commonContexts, storedContexts, toCell, type ValueContext } from '../support/value-contexts.ts';
import { refusalOf, unusedRefusals } from '../support/value-refusals.ts';

/**
 * Every engine type, at its limits, by itself and nested, out of the engine and into it, over every protocol: equal to
 * the last digit, or refused where `value-refusals.ts` says so.
 */

const protocols = ['gRPC', 'Connect binary', 'Connect JSON', 'REST'] as const;

let mesh: Mesh;
let clients: readonly ValueClient[];

beforeAll(async () => {
  mesh = await startMesh({ env: { TRELLIS_CREDIT_DEFAULT_PLAN: 'premium' } });
  const tenant = await createTenant(mesh.url);
  clients = createValueClients(mesh, tenant, await createGraph(tenant.rest));
  for (const { type } of engineTypes) {
    const columns = [...commonContexts, ...storedContexts].map((context, index) => {
      return `p${index} ${context.type(type)}`;
    });
    const rest = columns.join(', ');
    await run('gRPC', 'execute', `CREATE NODE TABLE ${tableOf(type)}(id INT64 PRIMARY KEY, ${rest})`);
    await run(
      'gRPC',
      'execute',
      `CREATE REL TABLE R${tableOf(type)}(FROM ${tableOf(type)} TO ${tableOf(type)}, ${rest})`,
    );
  }
});
afterAll(async () => {
  await mesh.stop();
  await removeMeshData(mesh);
});

describe.each(engineTypes.map((each) => [each.type, each] as const))('%s', (type, { values }) => {
  describe.each(protocols)('over %s', (protocol) => {
    it('comes out of the engine as it is', async () => {
      const cells = cellsOf([...commonContexts, ...storedContexts], type, values).filter(
        ({ cypher }) => cypher,
      );
      await expectCells(protocol, cells, 'out', ({ cypher }) => ({
        expression: cypher ?? '',
        parameters: [],
      }));
    });

    it('goes in as a parameter and comes back', async () => {
      const cells = cellsOf(commonContexts, type, values);
      await expectCells(protocol, cells, 'in', (cell) => ({ expression: '$', parameters: [cell] }));
    });

    it.each(values.map((value, index) => [index, value] as const))(
      'is stored with nodes and relationships, and found in them: value %i',
      async (index, value) => {
        await expectStored(protocol, type, value, protocols.indexOf(protocol) * 100 + index);
      },
    );
  });
});

describe('what the engine says of itself', () => {
  it.each(protocols)('SERIAL and INTERNAL_ID over %s', async (protocol) => {
    await run('gRPC', 'execute', 'CREATE NODE TABLE IF NOT EXISTS Counted(id SERIAL PRIMARY KEY)');
    await run('gRPC', 'execute', 'MATCH (n:Counted) DELETE n');
    const [row] = await rowsOf(
      protocol,
      'execute',
      'CREATE (n:Counted) RETURN n.id, id(n), [n.id], {a: id(n)}',
    );
    const offset = protocols.indexOf(protocol);
    const serial = { type: 'SERIAL', kind: int64(BigInt(offset)), rest: offset };
    expect(row?.[0]).toEqual(clientOf(protocol).shows(serial));
    if (protocol === 'REST') {
      expect(row).toEqual([offset, expect.stringMatching(/^\d+:\d+$/), [offset], { a: row?.[1] }]);
    } else {
      expect(row?.[1]).toMatchObject({ case: 'internalIdValue', value: { offset: BigInt(offset) } });
    }
  });

  it('refuses nothing but what is listed', () => {
    expect(unusedRefusals()).toEqual([]);
  });
});

interface Cell extends SaidValue {
  readonly context: string;
  readonly leafType: string;
  readonly leaf: ValueKind;
  readonly cypher: string | undefined;
}

function cellsOf(
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
async function expectCells(
  protocol: string,
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
    return clientOf(protocol).run('query', `RETURN ${items.join(', ')}`, parameters);
  };
  const carried = cells.filter((cell) => !refusalOf(direction, cell));
  for (const cell of cells.filter((each) => !carried.includes(each))) {
    expect(await ask([cell]), nameOf(cell)).toBe(refusalOf(direction, cell));
  }
  const answer = await ask(carried);
  if (typeof answer !== 'string') {
    for (const [index, cell] of carried.entries()) {
      expect(answer[0]?.[index], nameOf(cell)).toEqual(clientOf(protocol).shows(cell));
    }
    return;
  }
  // Which of them it was.
  for (const cell of carried) {
    expect(await ask([cell]), nameOf(cell)).toEqual([[clientOf(protocol).shows(cell)]]);
  }
  expect(answer).toBe('an answer to all of them at once');
}

/** Writes a value in every context with a node and a relationship, then reads these in every way. */
async function expectStored(protocol: string, type: string, value: EngineValue, id: number): Promise<void> {
  const cells = cellsOf([...commonContexts, ...storedContexts], type, [value]);
  const parameters: Record<string, SaidValue> = {};
  const assignments = cells.map((cell, index) => {
    const [common, ...rest] = [index < commonContexts.length, refusalOf('in', cell)];
    const isRefused = rest[0] !== undefined;
    // What cannot be bound is written by the language; arrays and unions are no parameters.
    if (common && !isRefused) {
      parameters[`p${index}`] = cell;
      return `p${index}: $p${index}`;
    }
    return `p${index}: ${cell.cypher ?? 'NULL'}`;
  });
  const table = tableOf(type);
  const key = { type: 'INT64', kind: int64(BigInt(id)), rest: id };
  await run(protocol, 'execute', `CREATE (:${table} {id: $id, ${assignments.join(', ')}})`, {
    ...parameters,
    id: key,
  });
  await run(
    protocol,
    'execute',
    `MATCH (a:${table} {id: $id}) CREATE (a)-[:R${table} {${assignments.join(', ')}}]->(a)`,
    { ...parameters, id: key },
  );
  const properties = cells.map((cell) => ({
    cell,
    shown:
      cell.cypher === undefined && parameters[`p${cells.indexOf(cell)}`] === undefined ? undefined : cell,
  }));
  const pattern = `MATCH p = (n:${table} {id: ${id}})-[r:R${table}]->(m:${table})`;
  for (const [holder, expression] of [
    ['a node', 'n'],
    ['a relationship', 'r'],
    ['a path', 'p'],
    ['a list of nodes', 'collect(n)'],
    ['a struct of a relationship', '{r: r}'],
    ['a list of structs of nodes', '[{n: n}]'],
  ] as const) {
    const refused = properties.flatMap(({ cell, shown }) => {
      const reason = shown && refusalOf('out', { ...cell, context: `${cell.context} in ${holder}` });
      return reason ? [reason] : [];
    });
    const answer = await clientOf(protocol).run('query', `${pattern} RETURN ${expression} AS x`);
    const name = `${type} ${JSON.stringify(value.rest)} in ${holder}`;
    if (refused.length > 0) {
      expect(answer, name).toBe(refused[0]);
      continue;
    }
    if (typeof answer === 'string') expect.fail(`${name}: ${answer}`);
    const held = protocol === 'REST' ? restProperties(answer[0]?.[0]) : typedProperties(answer[0]?.[0]);
    expect(held.length, name).toBeGreaterThan(0);
    for (const each of held) {
      for (const [index, { cell, shown }] of properties.entries()) {
        const expected = shown ? clientOf(protocol).shows(shown) : protocol === 'REST' ? null : nullKind;
        expect(each[`p${index}`], `${name}: ${cell.context}`).toEqual(expected);
      }
    }
  }
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

function tableOf(type: string): string {
  return `T_${type.replaceAll(/\W+/g, '_')}`;
}

function clientOf(protocol: string): ValueClient {
  const client = clients.find(({ name }) => name === protocol);
  if (!client) throw new Error(`no client of ${protocol}`);
  return client;
}

function run(protocol: string, ...call: Parameters<ValueClient['run']>): Promise<unknown[][]> {
  return rowsOf(protocol, ...call);
}

async function rowsOf(protocol: string, ...call: Parameters<ValueClient['run']>): Promise<unknown[][]> {
  const answer = await clientOf(protocol).run(...call);
  if (typeof answer === 'string') throw new Error(`${answer}: ${call[1].slice(0, 300)}`);
  return answer;
}
