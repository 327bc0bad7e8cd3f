import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, test } from 'vitest';
import {
  GraphService,
  ImportTableRequestSchema,
  QueryRequestSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { OpenGraphRequestSchema } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { ResolvePrincipalRequestSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { AcquireRequestSchema } from '../../../gen/trellis/ratelimit/v1/ratelimit_pb.js';
import { fc } from '../properties.testing.ts';
import { violationsOf } from './full-validation.ts';
import { plainCheckOf } from './plain-validity.ts';

/** What the plain check says of a message, and what the full validation says. */
function judge<T extends DescMessage>(schema: T, init: MessageInitShape<T>) {
  const message = create(schema, init);
  return { isPlain: plainCheckOf(schema)?.(message), isValid: violationsOf(schema, message).length === 0 };
}

test('every request to an engine has plain rules, so that a first query compiles no others', () => {
  for (const { name, input } of GraphService.methods)
    expect([name, plainCheckOf(input)]).toEqual([name, expect.any(Function)]);
});

test.each([
  ['a pattern', OpenGraphRequestSchema],
  ['a oneof that is required', ResolvePrincipalRequestSchema],
  ['a message that is required', AcquireRequestSchema],
])('%s is no plain rule', (_, schema) => {
  expect(plainCheckOf(schema)).toBeUndefined();
});

describe('what is plainly valid', () => {
  /** Around the bounds, in units of one and of two for each code point. */
  const text = fc
    .tuple(fc.constantFrom('', 'a', 'é', '𝄞'), fc.constantFrom(0, 1, 2, 31, 32, 33, 63, 64, 65, 256, 257))
    .map(([character, count]) => character.repeat(count));

  test('is so for the full validation, too', () => {
    const pairs = fc.constantFrom(0, 1, 999, 1_000, 1_001);
    fc.assert(
      fc.property(text, text, text, pairs, (graphId, statement, atLeastRevision, count) => {
        const parameters = Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, {}]));
        const init = { graphId, statement, atLeastRevision, parameters };
        const { isPlain, isValid } = judge(QueryRequestSchema, init);
        expect(isValid || isPlain === false).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('is so with messages within', () => {
    fc.assert(
      fc.property(text, text, fc.boolean(), (table, delimiter, hasOptions) => {
        const init = { table, ...(hasOptions ? { csv: { delimiter } } : {}) };
        const { isPlain, isValid } = judge(ImportTableRequestSchema, init);
        expect(isValid || isPlain === false).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('is every request of usual size', () => {
    const graphId = 'kg_testtesttesttesttest';
    expect(judge(QueryRequestSchema, { graphId, statement: 'RETURN 1' }).isPlain).toBe(true);
    expect(judge(ImportTableRequestSchema, { graphId, table: 'T', csv: { delimiter: ';' } }).isPlain).toBe(
      true,
    );
    expect(judge(ImportTableRequestSchema, { graphId, table: 'T', csv: { delimiter: ';;' } }).isPlain).toBe(
      false,
    );
  });
});
