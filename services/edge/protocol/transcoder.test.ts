import { create, createRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  GraphService,
  QueryRequestSchema,
  QueryResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { reasonOf } from '../../mesh/framing/testing.ts';
import { createJsonTranscoder } from './transcoder.ts';

const transcoder = createJsonTranscoder(GraphService.method.query, createRegistry());
const toService = (json: string | Uint8Array) =>
  fromBinary(QueryRequestSchema, transcoder.toService(Buffer.from(json as string)));

describe('JSON', () => {
  it('of a client becomes protobuf, by either name of a field, in any order', () => {
    const expected = create(QueryRequestSchema, { graphId: 'g1', statement: 'RETURN 1', maxRows: 7 });
    expect(toService('{"maxRows": 7, "graphId": "g1", "statement": "RETURN 1"}')).toEqual(expected);
    expect(toService('{"max_rows": 7, "graph_id": "g1", "statement": "RETURN 1"}')).toEqual(expected);
  });

  it('may be an empty object', () => {
    expect(toService('{}')).toEqual(create(QueryRequestSchema));
  });

  it.each([
    ['is no JSON', '{'],
    ['is empty', ''],
    ['is no object', '[]'],
    ['has a field that the message has not', '{"graphIds": "g1"}'],
    ['has a field of another type', '{"graphId": 7}'],
    ['is no UTF-8', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
  ])('that %s is malformed', (_name, json) => {
    expect(reasonOf(() => transcoder.toService(Buffer.from(json as string)))).toBe('MALFORMED_BODY');
  });

  it('of an answer is what JSON.parse reads', () => {
    const answer = toBinary(
      QueryResponseSchema,
      create(QueryResponseSchema, { revision: 'r1', rowCount: 2 }),
    );
    expect(JSON.parse(String(transcoder.toClient(answer)))).toEqual({ revision: 'r1', rowCount: 2 });
  });
});
