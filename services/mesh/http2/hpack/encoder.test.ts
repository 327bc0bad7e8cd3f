import { describe, expect, it } from 'vitest';
import { encodedBytesMax, HpackEncoder } from './encoder.ts';
import { writeInteger } from './literal.ts';
import { createDecoder, hex, integerBytes, literalBytes } from './testing.ts';

const createEncoder = (tableBytesMax = 4_096) => new HpackEncoder({ tableBytesMax });

describe('HpackEncoder', () => {
  it('sends the fields of the static table as a byte each', () => {
    const fields = [':method', 'POST', ':scheme', 'http', ':path', '/', ':status', '200', 'accept-encoding'];
    expect(createEncoder().encode([...fields, 'gzip, deflate'])).toEqual(hex('83 86 84 88 90'));
  });

  it('adds a field to the table when it comes for the second time, and then sends an index', () => {
    const encoder = createEncoder();
    const fields = ['x-name', 'value'];
    expect(encoder.encode(fields)).toEqual(literalBytes('x-name', 'value'));
    expect(encoder.encode(fields)).toEqual(literalBytes('x-name', 'value', { isAdded: true }));
    expect(encoder.encode(fields)).toEqual(hex('be'));
    expect(encoder.encode(['x-name', 'other'])).toEqual(hex('0f 2f 05 6f74686572'));
  });

  it('tells fields of one value and several names apart', () => {
    const encoder = createEncoder();
    const decoder = createDecoder();
    for (let round = 0; round < 5; round++) {
      const fields = ['a', '1', 'b', '1', 'a', '2', 'b', '2', 'a', '1'];
      expect(decoder.decode(encoder.encode(fields))).toEqual(fields);
    }
  });

  it.each(['authorization', 'proxy-authorization', 'cookie', 'set-cookie', 'x-api-key'])(
    'sends %s never indexed, so that no table on the way holds it',
    (name) => {
      const encoder = createEncoder();
      const first = encoder.encode([name, 'secret']);
      expect((first[0] as number) & 0xf0).toBe(0x10);
      for (let count = 0; count < 3; count++) expect(encoder.encode([name, 'secret'])).toEqual(first);
    },
  );

  it.each(['x-request-id', 'traceparent', 'grpc-timeout'])(
    'has only the name of %s in the table, whose values never repeat',
    (name) => {
      const encoder = createEncoder();
      expect(encoder.encode([name, '1'])).toEqual(literalBytes(name, '1', { isAdded: true }));
      for (const value of ['2', '2', '1']) {
        expect(encoder.encode([name, value])).toEqual(Buffer.from([0x0f, 0x2f, 1, value.charCodeAt(0)]));
      }
    },
  );

  it('leaves out of the table what would take much of it', () => {
    const encoder = createEncoder();
    const value = 'v'.repeat(1_024);
    for (let count = 0; count < 3; count++) {
      expect(encoder.encode(['x', value])).toEqual(literalBytes('x', value));
    }
  });

  it('sees that a field repeats with a hundred others in between', () => {
    const encoder = createEncoder();
    for (let count = 0; count < 200; count++) {
      if (count % 100 === 0) encoder.encode(['x-name', 'value']);
      encoder.encode(['x-other', `value ${count}`]);
    }
    expect(encoder.encode(['x-name', 'value'])).toEqual(hex('be'));
  });

  it('is not moved by values that come only once', () => {
    const encoder = createEncoder();
    for (let count = 0; count < 2; count++) encoder.encode(['x-name', 'value']);
    for (let count = 0; count < 1_000; count++) encoder.encode(['x-other', `value ${count}`]);
    expect(encoder.encode(['x-name', 'value'])).toEqual(hex('be'));
  });

  it('keeps what it needs for each block when more repeats than the table can hold', () => {
    const encoder = createEncoder();
    const decoder = createDecoder();
    let indexedCount = 0;
    for (let count = 0; count < 2_000; count++) {
      const fields = ['x-large', String(count % 20).padStart(600, '0'), 'x-small', 'value'];
      const block = encoder.encode(fields);
      expect(decoder.decode(block)).toEqual(fields);
      if ((block.at(-1) as number) >= 0x80) indexedCount++;
    }
    expect(indexedCount).toBeGreaterThan(1_900);
  });

  it('replaces what the full table holds when other fields repeat', () => {
    const encoder = createEncoder();
    for (const generation of ['a', 'b']) {
      const values = Array.from({ length: 5 }, (_, number) => (generation + number).padEnd(600, '0'));
      for (let count = 0; count < 200; count++)
        for (const value of values) encoder.encode(['x-large', value]);
      for (const value of values) expect(encoder.encode(['x-large', value])).toHaveLength(1);
    }
  });

  it('tells the peer of a smaller table first', () => {
    const resized = integerBytes(256, 0x1f, 0x20);
    expect(createEncoder(256).encode([':path', '/'])).toEqual(Buffer.concat([resized, hex('84')]));
    const encoder = createEncoder();
    encoder.setTableBytesMax(256);
    expect(encoder.encode([':path', '/'])).toEqual(Buffer.concat([resized, hex('84')]));
    expect(encoder.encode([':path', '/'])).toEqual(hex('84'));
  });

  it('tells the peer of the smallest table in between, which emptied it', () => {
    const encoder = createEncoder();
    const decoder = createDecoder();
    for (let count = 0; count < 3; count++) decoder.decode(encoder.encode(['x-name', 'value']));
    for (const bytes of [2_048, 0, 1_024, 4_096]) encoder.setTableBytesMax(bytes);
    const block = encoder.encode(['x-name', 'value']);
    expect(block.subarray(0, 4)).toEqual(hex('20 3f e1 1f'));
    expect(decoder.decode(block)).toEqual(['x-name', 'value']);
    expect(() => decoder.decode(hex('be'))).toThrow('there is no field with this index');
  });

  it('uses a larger table only when the peer allows it, and never more than its own limit', () => {
    const encoder = createEncoder(8_192);
    expect(encoder.encode([':path', '/'])).toEqual(hex('84'));
    encoder.setTableBytesMax(2 ** 32 - 1);
    expect(encoder.encode([':path', '/'])).toEqual(
      Buffer.concat([integerBytes(8_192, 0x1f, 0x20), hex('84')]),
    );
  });

  it('writes into a buffer what it would give', () => {
    const fields = [':path', '/', 'x', 'y'.repeat(200)];
    const into = Buffer.alloc(encodedBytesMax(fields) + 9);
    const end = createEncoder().encodeInto(fields, into, 9);
    expect(into.subarray(9, end)).toEqual(createEncoder().encode(fields));
    expect(into.subarray(0, 9)).toEqual(Buffer.alloc(9));
  });
});

describe('writeInteger', () => {
  it.each([
    [10, 0x1f, '0a'],
    [1_337, 0x1f, '1f9a0a'],
    [42, 0xff, '2a'],
    [31, 0x1f, '1f00'],
    [158, 0x1f, '1f7f'],
    [159, 0x1f, '1f8001'],
  ])('writes %d under the mask %d as RFC 7541, C.1, does', (value, mask, expected) => {
    const into = Buffer.alloc(8);
    expect(into.subarray(0, writeInteger(value, mask, 0, into, 0))).toEqual(hex(expected));
  });
});
