import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { ImportTableRequestSchema, QueryRequestSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { frame } from '../../mesh/framing/envelope.ts';
import { reasonOf } from '../../mesh/framing/testing.ts';
import { readGraphId } from './graph-id.ts';

const write = (fill: (writer: BinaryWriter) => unknown) => {
  const writer = new BinaryWriter();
  fill(writer);
  return frame(writer.finish());
};
const graphId = (writer: BinaryWriter, id: string) => writer.tag(1, WireType.LengthDelimited).string(id);

describe('the graph of a call', () => {
  it.each([
    ['query', toBinary(QueryRequestSchema, create(QueryRequestSchema, { graphId: 'g1', statement: 'x' }))],
    ['upload', toBinary(ImportTableRequestSchema, create(ImportTableRequestSchema, { graphId: 'g1' }))],
  ])('is field 1 of a %s', (_name, bytes) => {
    expect(readGraphId(frame(bytes))).toBe('g1');
  });

  it('is read from the first message alone', () => {
    const messages = ['g1', 'g2'].map((id) => write((writer) => graphId(writer, id)));
    expect(readGraphId(Buffer.concat(messages))).toBe('g1');
  });

  it('is the last of them where there are several, as the service will read it', () => {
    const bytes = write((writer) => {
      graphId(writer, 'g1');
      writer.tag(2, WireType.LengthDelimited).string('RETURN 1');
      graphId(writer, 'g2');
    });
    expect(readGraphId(bytes)).toBe('g2');
  });

  it('is found behind fields of every kind, groups and what they hold left out', () => {
    const bytes = write((writer) => {
      writer.tag(100, WireType.Varint).uint64(2n ** 60n);
      writer.tag(101, WireType.Bit64).fixed64(1n);
      writer.tag(102, WireType.Bit32).fixed32(1);
      writer.tag(103, WireType.StartGroup);
      graphId(writer, 'not this one');
      writer.tag(103, WireType.EndGroup);
      graphId(writer, 'g1');
    });
    expect(readGraphId(bytes)).toBe('g1');
  });

  it('is not field 1 of another type, which the service skips, too', () => {
    expect(readGraphId(write((writer) => writer.tag(1, WireType.Varint).uint32(7)))).toBe('');
  });

  it('is empty where the message does not say it', () => {
    expect(readGraphId(frame(Buffer.alloc(0)))).toBe('');
  });

  it('is not known before the message is complete', () => {
    const bytes = write((writer) => graphId(writer, 'g1'));
    const known = Array.from({ length: bytes.length + 1 }, (_, end) => readGraphId(bytes.subarray(0, end)));
    expect(known).toEqual([...Array(bytes.length).fill(undefined), 'g1']);
  });

  it.each([
    ['is cut off within a field', [0x0a, 9, 0x67]],
    ['is cut off within a tag', [0x80]],
    ['has a group that does not end', [0x0b]],
    ['ends a group that did not begin', [0x0c]],
    ['has the field 0', [0x02, 0x00]],
    ['is no protobuf', [0xff, 0xff]],
    ['names a graph that is no UTF-8', [0x0a, 2, 0xc3, 0x28]],
  ])('a message that %s is malformed', (_name, bytes) => {
    expect(reasonOf(() => readGraphId(frame(Buffer.from(bytes))))).toBe('MALFORMED_BODY');
  });
});
