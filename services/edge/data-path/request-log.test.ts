import { describe, expect, it } from 'vitest';
import { frame } from '../../mesh/framing/envelope.ts';
import { RequestLog } from './request-log.ts';

const keptBytesMax = 4 * 2 ** 20 + 5;

function logOf(...chunks: readonly Buffer[]): RequestLog {
  const log = new RequestLog();
  for (const chunk of chunks) log.add(chunk);
  return log;
}

describe('the requests of a call', () => {
  it('are kept as they came, to be sent again', () => {
    const chunks = [Buffer.from('a'), Buffer.from('bc')];
    const log = logOf(...chunks);
    expect([log.chunks, log.bytes, log.isWhole]).toEqual([chunks, 3, true]);
  });

  it('have a first message as soon as its last byte is here', () => {
    const log = new RequestLog();
    const had: boolean[] = [];
    for (const byte of frame(Buffer.from('abc'))) {
      log.add(Buffer.from([byte]));
      had.push(log.hasFirst);
    }
    expect(had).toEqual([...Array(7).fill(false), true]);
    log.add(Buffer.from('next'));
    expect([log.hasFirst, log.join()]).toEqual([
      true,
      Buffer.concat([frame(Buffer.from('abc')), Buffer.from('next')]),
    ]);
  });

  it('have a first message where it is empty', () => {
    expect(logOf(frame(Buffer.alloc(0))).hasFirst).toBe(true);
  });

  it('that come byte by byte are not joined for each of them', () => {
    const log = new RequestLog();
    for (const byte of frame(Buffer.alloc(1_000)).subarray(0, 600)) {
      log.add(Buffer.from([byte]));
      expect(log.hasFirst).toBe(false);
    }
    expect(Buffer.concat(log.chunks)).toEqual(frame(Buffer.alloc(1_000)).subarray(0, 600));
  });

  it('that come byte by byte are kept in few pieces, in order with large ones', () => {
    const log = new RequestLog();
    const sent: Buffer[] = [];
    const send = (chunk: Buffer) => {
      sent.push(chunk);
      log.add(chunk);
    };
    for (let at = 0; at < 40_000; at++) send(Buffer.from([at % 251]));
    send(Buffer.alloc(5_000, 'large'));
    for (let at = 0; at < 40_000; at++) send(Buffer.from([at % 241]));
    expect(log.chunks.length).toBeLessThan(30);
    expect(Buffer.concat(log.chunks).equals(Buffer.concat(sent))).toBe(true);
  });

  it('are kept while they fit, however much of them there is', () => {
    const log = logOf(Buffer.alloc(keptBytesMax));
    log.trim();
    expect(log.isWhole).toBe(true);
    log.add(Buffer.alloc(1));
    log.trim();
    expect([log.isWhole, log.chunks, log.bytes]).toEqual([false, [], keptBytesMax + 1]);
  });

  it('that were forgotten stay so, and what comes later is not kept', () => {
    const log = logOf(Buffer.from('a'));
    log.forget();
    log.add(Buffer.from('b'));
    expect([log.isWhole, log.chunks, log.bytes]).toEqual([false, [], 2]);
  });
});
