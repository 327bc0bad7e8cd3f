import { describe, expect, it } from 'vitest';
import { StreamError } from './frame.ts';
import { readRequestHead } from './request-head.ts';
import { readResponseHead } from './response-head.ts';
import type { Fields } from './stream.ts';
import { requestFields } from './testing.ts';

const connectionFields: [string, Fields][] = [
  ['connection', ['connection', 'close']],
  ['keep-alive', ['keep-alive', '1']],
  ['proxy-connection', ['proxy-connection', 'close']],
  ['transfer-encoding', ['transfer-encoding', 'chunked']],
  ['upgrade', ['upgrade', 'h2c']],
  ['te', ['te', 'gzip']],
];

describe('the head of a request', () => {
  it('announces the length of its body', () => {
    expect(readRequestHead(requestFields, false)).toBeUndefined();
    expect(readRequestHead([...requestFields, 'content-length', '12'], false)).toBe(12);
    expect(readRequestHead([...requestFields, 'content-length', '0'], true)).toBe(0);
    expect(readRequestHead([...requestFields, 'content-length', '7', 'content-length', '7'], false)).toBe(7);
  });

  it('may say te: trailers, and name its host twice', () => {
    expect(readRequestHead([...requestFields, 'te', 'Trailers', 'host', 'EDGE'], true)).toBeUndefined();
    expect(
      readRequestHead([':method', 'OPTIONS', ':scheme', 'http', ':path', '*', 'host', 'a'], true),
    ).toBeUndefined();
  });

  it.each([
    ...connectionFields.map(([name, fields]) => [name, [...requestFields, ...fields]] as [string, Fields]),
    ['another host', [...requestFields, 'host', 'elsewhere']],
    ['a length twice', [...requestFields, 'content-length', '1', 'content-length', '2']],
    ['a length that is none', [...requestFields, 'content-length', '-1']],
    ['a length that is empty', [...requestFields, 'content-length', '']],
    ['a field of answers', [...requestFields, ':status', '200']],
    ['a field twice', [...requestFields, ':path', '/']],
    ['a pseudo-header field behind others', ['a', 'b', ...requestFields]],
    ['a path that is none', [':method', 'GET', ':scheme', 'http', ':path', 'call']],
    ['no path', [':method', 'GET', ':scheme', 'http']],
    ['no scheme', [':method', 'GET', ':path', '/']],
    ['no method', [':path', '/', ':scheme', 'http']],
    ['a user in its authority', [':method', 'GET', ':scheme', 'http', ':path', '/', ':authority', 'a@b']],
    ['nothing', []],
  ] as [string, Fields][])('is refused with %s', (_what, fields) => {
    expect(() => readRequestHead(fields, false)).toThrow(StreamError);
  });

  it('is refused where it announces a body and has none', () => {
    expect(() => readRequestHead([...requestFields, 'content-length', '1'], true)).toThrow(StreamError);
  });
});

describe('the head of an answer', () => {
  it('has a status, and announces the length of its body', () => {
    expect(readResponseHead([':status', '200'])).toEqual({ status: 200, length: undefined });
    expect(readResponseHead([':status', '404', 'content-length', '12'])).toEqual({ status: 404, length: 12 });
  });

  it.each([
    ...connectionFields.map(([name, fields]) => [name, [':status', '200', ...fields]] as [string, Fields]),
    ['no status', ['a', 'b']],
    ['nothing', []],
    ['a status that is none', [':status', '20']],
    ['two of them', [':status', '200', ':status', '200']],
    ['a field of requests', [':status', '200', ':path', '/']],
  ] as [string, Fields][])('is refused with %s', (_what, fields) => {
    expect(() => readResponseHead(fields)).toThrow(StreamError);
  });
});
