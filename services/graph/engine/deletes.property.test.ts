import { expect, test } from 'vitest';
import { fc } from '../../mesh/properties.testing.ts';
import { openAsKilled } from './open-as-killed.testing.ts';
import { type Ids, RelationshipModel } from './relationship-model.testing.ts';
import { openTestGraph, type TestGraph } from './testing.ts';

/** Shrinking would open the engine some hundred times. */
const runs = { numRuns: 3, endOnFailure: true };

/** Some of the regions of 1,024 nodes that the engine checkpoints together. */
const idsMax = 6_000;

type Step = (graph: TestGraph, model: RelationshipModel) => Promise<TestGraph>;

const id = fc.oneof(
  fc.nat(idsMax - 1),
  fc.nat(5).map((region) => region * 1_024),
);
const ids: fc.Arbitrary<Ids> = fc
  .tuple(id, fc.constantFrom(1, 3, 50, 300, 1_024, 3_000))
  .map(([first, width]) => ({ first, end: Math.min(idsMax, first + width) }));
const node = fc.constantFrom('A' as const, 'B' as const);
const relationship = fc.constantFrom('L' as const, 'P' as const, 'Q' as const, 'S' as const);
const near = fc.tuple(id, fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { minLength: 1, maxLength: 40 }));
const pairs = fc.oneof(
  fc.array(fc.tuple(id, id), { minLength: 1, maxLength: 40 }),
  near.map(([start, each]) => each.map(([a, b]) => [start + a, start + b])),
);

/** A step that changes the graph that is open. */
function changing<T>(
  of: fc.Arbitrary<T>,
  name: string,
  run: (of: T, ...step: Parameters<Step>) => Promise<void>,
) {
  return of.map((value): Step => {
    const step: Step = async (graph, model) => {
      await run(value, graph, model);
      return graph;
    };
    return Object.assign(step, { [fc.toStringMethod]: () => `${name} ${JSON.stringify(value)}` });
  });
}

const steps = fc.array(
  fc.oneof(
    {
      arbitrary: changing(fc.tuple(relationship, pairs), 'relate', ([name, each], graph, model) =>
        model.relate(graph, name, each),
      ),
      weight: 8,
    },
    {
      arbitrary: changing(fc.tuple(node, ids), 'create', ([table, each], graph, model) =>
        model.create(graph, table, each),
      ),
      weight: 2,
    },
    {
      arbitrary: changing(
        fc.tuple(relationship, ids, fc.constantFrom('from' as const, 'to' as const)),
        'unrelate',
        ([name, each, end], graph, model) => model.unrelate(graph, name, each, end),
      ),
      weight: 3,
    },
    {
      arbitrary: changing(
        fc.tuple(fc.constantFrom('P' as const, 'Q' as const), ids),
        'update',
        ([name, each], graph, model) => model.update(graph, name, each),
      ),
      weight: 2,
    },
    {
      arbitrary: changing(fc.tuple(node, ids), 'detach', ([table, each], graph, model) =>
        model.detach(graph, table, each),
      ),
      weight: 4,
    },
    {
      arbitrary: changing(fc.tuple(relationship, ids), 'detach related', ([name, each], graph, model) =>
        model.detachRelated(graph, name, each),
      ),
      weight: 2,
    },
    {
      arbitrary: fc.constant(Object.assign(checkpoint, { [fc.toStringMethod]: () => 'checkpoint' })),
      weight: 4,
    },
    { arbitrary: fc.constant(Object.assign(killed, { [fc.toStringMethod]: () => 'kill' })), weight: 2 },
  ),
  { minLength: 25, maxLength: 40, size: 'max' },
);

/** A process that has to be replaced after it is. */
async function checkpoint(graph: TestGraph, model: RelationshipModel): Promise<TestGraph> {
  await graph.graph.engine.checkpoint({
    deadlineMs: Date.now() + 60_000,
    signal: new AbortController().signal,
  });
  if (graph.broken.length > 0) return killed(graph, model);
  expect(await model.differences(graph)).toEqual([]);
  return graph;
}

async function killed(graph: TestGraph, model: RelationshipModel): Promise<TestGraph> {
  const next = await openAsKilled(graph);
  await graph.close();
  expect(await model.differences(next)).toEqual([]);
  return next;
}

test('what was created, changed and deleted is exactly there after checkpoints and kills', async () => {
  const property = fc.asyncProperty(steps, async (each) => {
    let graph = await openTestGraph();
    try {
      const model = new RelationshipModel();
      await model.define(graph);
      await model.create(graph, 'A', { first: 0, end: idsMax });
      await model.create(graph, 'B', { first: 0, end: idsMax });
      for (const step of each) graph = await step(graph, model);
      expect(await model.differences(graph)).toEqual([]);
      graph = await checkpoint(graph, model);
    } finally {
      await graph.close();
    }
  });
  await fc.assert(property, runs);
}, 600_000);
