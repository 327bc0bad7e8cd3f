import { describe, expect, it } from 'vitest';
import { acceptedMediaTypes, parseMediaType } from './media-type.ts';

describe('a content type', () => {
  it.each([
    ['application/grpc', 'grpc', 'proto'],
    ['application/grpc+proto', 'grpc', 'proto'],
    ['application/grpc+json', 'grpc', 'json'],
    ['application/grpc-web', 'grpc-web', 'proto'],
    ['application/grpc-web+json', 'grpc-web', 'json'],
    ['application/grpc-web-text', 'grpc-web-text', 'proto'],
    ['application/connect+proto', 'connect-stream', 'proto'],
    ['application/connect+json', 'connect-stream', 'json'],
    ['application/proto', 'connect', 'proto'],
    ['application/json', 'connect', 'json'],
  ])('%s is the protocol %s with %s, and answered by itself', (contentType, protocol, codec) => {
    expect(parseMediaType(contentType)).toEqual({ contentType, protocol, codec });
  });

  it.each(['Application/JSON', 'application/json; charset=utf-8', ' application/json ;x=y'])(
    'is read whatever its case and parameters: %o',
    (contentType) => {
      expect(parseMediaType(contentType)?.contentType).toBe('application/json');
    },
  );

  it.each([undefined, '', 'application', 'application/grpc+', 'application/grpcx', 'text/plain', 'toString'])(
    'of no protocol is none: %o',
    (contentType) => {
      expect(parseMediaType(contentType)).toBeUndefined();
    },
  );
});

it('the content types of a method are those of its kind, and each of them is one', () => {
  const [unary, streams] = [true, false].map((isUnary) => acceptedMediaTypes(isUnary).split(', '));
  expect(unary).toContain('application/json');
  expect(unary).not.toContain('application/connect+json');
  expect(streams).toContain('application/connect+json');
  expect(streams).not.toContain('application/json');
  for (const type of [...(unary ?? []), ...(streams ?? [])]) expect(parseMediaType(type)).toBeDefined();
});
