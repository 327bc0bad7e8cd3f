import { describe, expect, it } from 'vitest';
import { envelopeFlags, frame } from './envelope.ts';

describe('frame', () => {
  it('puts the flags and the length, big end first, before the payload', () => {
    expect(frame(Buffer.from('abc'), 0x80)).toEqual(Buffer.from([0x80, 0, 0, 0, 3, 0x61, 0x62, 0x63]));
    expect(frame(Buffer.alloc(0x01_02_03), envelopeFlags.compressed).subarray(0, 5)).toEqual(
      Buffer.from([1, 0, 1, 2, 3]),
    );
  });

  it('frames an empty payload without flags as five zeros', () => {
    expect(frame(new Uint8Array())).toEqual(Buffer.alloc(5));
  });

  it('frames a view of a larger buffer as what the view shows', () => {
    expect(frame(Buffer.from('abcdef').subarray(2, 4)).subarray(5).toString()).toBe('cd');
  });
});
