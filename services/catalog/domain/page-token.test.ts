import { expect, test } from 'vitest';
import { fc } from '../../mesh/properties.testing.ts';
import { parsePageToken, toPageToken } from './page-token.ts';

const graphId = 'kg_4m2s0d7q9x1c5v8b3n6h';

test('a token leads back to its position', () => {
  const position = { createTime: new Date(1_750_000_000_123), graphId };
  expect(parsePageToken(toPageToken(position))).toEqual(position);
});

test('any text that is no token is refused, never misread', () => {
  const token = toPageToken({ createTime: new Date(0), graphId });
  for (const text of [`${token}=`, `${token}!`, token.slice(1), Buffer.from('x kg_1').toString('base64url')])
    expect(parsePageToken(text)).toBeUndefined();
  fc.assert(
    fc.property(fc.string(), (text) => {
      const position = parsePageToken(text);
      expect(position === undefined || toPageToken(position) === text).toBe(true);
    }),
  );
});
