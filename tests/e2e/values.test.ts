import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { int64 } from '../../services/graph/domain/values/kinds.testing.ts';
import { engineTypes } from '../support/engine-values.ts';
import { type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant } from '../support/rest.ts';
import { createValueClients, type ValueClient } from '../support/value-clients.ts';
import { commonContexts, storedContexts } from '../support/value-contexts.ts';
import { cellsOf, createValueTables, expectCells, expectStored } from '../support/value-matrix.ts';
import { unusedRefusals } from '../support/value-refusals.ts';

/**
 * Every engine type, at its limits, by itself and nested, out of the engine and into it, over every protocol: equal to
 * the last digit, or refused where `value-refusals.ts` says so.
 */

const protocols = ['gRPC', 'Connect binary', 'Connect JSON', 'REST'] as const;

let mesh: Mesh | undefined;
let clients: readonly ValueClient[];

beforeAll(async () => {
  mesh = await startMesh({ env: { TRELLIS_CREDIT_DEFAULT_PLAN: 'premium' } });
  const tenant = await createTenant(mesh.url);
  clients = createValueClients(mesh, tenant, await createGraph(tenant.rest));
  await createValueTables(clientOf('gRPC'));
});
afterAll(async () => {
  await mesh?.stop();
  if (mesh) await removeMeshData(mesh);
});

describe.each(engineTypes.map((each) => [each.type, each] as const))('%s', (type, { values }) => {
  describe.each(protocols)('over %s', (protocol) => {
    it('comes out of the engine as it is', async () => {
      const cells = cellsOf([...commonContexts, ...storedContexts], type, values).filter(
        ({ cypher }) => cypher,
      );
      await expectCells(clientOf(protocol), cells, 'out', ({ cypher }) => ({
        expression: cypher ?? '',
        parameters: [],
      }));
    });

    it('goes in as a parameter and comes back', async () => {
      const cells = cellsOf(commonContexts, type, values);
      await expectCells(clientOf(protocol), cells, 'in', (cell) => ({ expression: '$', parameters: [cell] }));
    });

    it('is stored with nodes and relationships, and found in them', async () => {
      await expectStored(clientOf(protocol), type, values, protocols.indexOf(protocol) * 100);
    });
  });
});

describe('what the engine says of itself', () => {
  it.each(protocols)('SERIAL and INTERNAL_ID over %s', async (protocol) => {
    await rowsOf('gRPC', 'execute', 'CREATE NODE TABLE IF NOT EXISTS Counted(id SERIAL PRIMARY KEY)');
    await rowsOf('gRPC', 'execute', 'MATCH (n:Counted) DELETE n');
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

function clientOf(protocol: string): ValueClient {
  const client = clients.find(({ name }) => name === protocol);
  if (!client) throw new Error(`no client of ${protocol}`);
  return client;
}

async function rowsOf(protocol: string, ...call: Parameters<ValueClient['run']>): Promise<unknown[][]> {
  const answer = await clientOf(protocol).run(...call);
  if (typeof answer === 'string') throw new Error(`${answer}: ${call[1].slice(0, 300)}`);
  return answer;
}
