import { expect, test } from 'vitest';
import { fc } from '../../mesh/properties.testing.ts';
import { fromPageToken, toPageToken } from './page-token.ts';

test('a page token reads back as its position', () => {
  const position = { createTime: new Date(Date.UTC(2100, 0, 1, 0, 0, 0, 7)), apiKeyId: '0aZ9bY8cX7dW' };
  expect(fromPageToken(toPageToken(position))).toEqual(position);
});

test('any other text is refused or is the one token of its position, and never throws', () => {
  const tokenLike = fc.string().map((text) => Buffer.from(text).toString('base64url'));
  fc.assert(
    fc.property(fc.oneof(fc.string(), tokenLike), (text) => {
      const position = fromPageToken(text);
      if (position) expect(toPageToken(position)).toBe(text);
    }),
  );
});

test.each([' ', '=', '\n', 'A'])('a token with %j behind it is refused', (suffix) => {
  const token = toPageToken({ createTime: new Date(0), apiKeyId: '0aZ9bY8cX7dW' });
  expect(fromPageToken(token + suffix)).toBeUndefined();
});
