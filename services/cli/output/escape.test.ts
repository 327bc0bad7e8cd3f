import { expect, test } from 'vitest';
import { fc } from '../../mesh/properties.testing.ts';
import { escapeControls, escapeJsonControls } from './escape.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: these must not come out
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const anyText = fc.string({ unit: 'binary' });

test('no control character comes out, and other text as it is', () => {
  expect(escapeControls('a\n\r\t\u001b[2J\u009b\u007f\u202eé→🇨🇭')).toBe(
    'a\\n\\r\\t\\u001b[2J\\u009b\\u007f\\u202eé→🇨🇭',
  );
  fc.assert(
    fc.property(anyText, (text) => !controls.test(escapeControls(text))),
    { seed: 1 },
  );
});

test('JSON means the same afterwards', () => {
  fc.assert(
    fc.property(fc.jsonValue(), anyText, (value, text) => {
      const json = escapeJsonControls(JSON.stringify([value, text], undefined, 2));
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify([value, text])));
      expect(json.replaceAll('\n', '')).not.toMatch(controls);
    }),
    { seed: 1 },
  );
});
