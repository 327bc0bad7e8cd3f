import { describe, expect, it } from 'vitest';
import { acceptQuality, isCompressible, streamForm } from './media-type.ts';

describe('Accept', () => {
  it.each([
    [undefined, 1],
    ['*/*', 1],
    ['application/json', 1],
    ['Application/JSON; charset=utf-8; q=0.3', 0.3],
    ['application/*;q=0.5, */*;q=0.1', 0.5],
    ['application/*, application/json;q=0', 0],
    ['text/html, */*;q=0.8', 0.8],
    ['text/html', 0],
    ['application/json;q=2', 0],
    ['application/json;q=x', 0],
    [',,', 0],
  ])('%j wants JSON with %d', (accept, quality) => {
    expect(acceptQuality(accept, 'application/json')).toBe(quality);
  });

  it.each([
    [undefined, 'lines'],
    ['*/*', 'lines'],
    ['application/x-ndjson', 'lines'],
    ['text/event-stream', 'events'],
    ['text/*', 'events'],
    ['text/event-stream, */*', 'events'],
    ['text/event-stream, application/x-ndjson', 'events'],
    ['text/event-stream;q=0.5, application/x-ndjson', 'lines'],
    ['text/event-stream;q=0.5, */*', 'lines'],
    ['text/event-stream;q=0, */*', 'lines'],
    ['application/json', undefined],
    ['*/*;q=0', undefined],
  ])('%j wants a stream as %s', (accept, form) => {
    expect(streamForm(accept)).toBe(form);
  });
});

it.each([
  ['application/json', true],
  ['application/json; charset=utf-8', true],
  ['application/x-ndjson', true],
  ['text/csv', true],
  ['image/svg+xml', true],
  ['application/zip', false],
  ['application/octet-stream', false],
  ['', false],
])('%j can be compressed: %s', (contentType, expected) => {
  expect(isCompressible(contentType)).toBe(expected);
});
