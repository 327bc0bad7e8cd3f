import { expect, test } from 'vitest';
import { decodeGrpcMessage, encodeGrpcMessage } from './grpc-message.ts';

test.each([
  ['plain', 'not found: a b', 'not found: a b'],
  ['the percent sign', '100%', '100%25'],
  ['what is not ASCII', 'é\n', '%C3%A9%0A'],
  ['spaces at the ends', '  a b ', '%20%20a b%20'],
  ['spaces only', '  ', '%20%20'],
])('%s', (_what, message, encoded) => {
  expect(encodeGrpcMessage(message)).toBe(encoded);
  expect(decodeGrpcMessage(encoded)).toBe(message);
});
