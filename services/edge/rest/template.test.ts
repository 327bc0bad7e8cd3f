import { describe, expect, it } from 'vitest';
import { fc } from '../../mesh/properties.testing.ts';
import { matchTemplate, parseTemplate } from './template.ts';

function variables(template: string, path: string): Record<string, string> | undefined {
  const found = matchTemplate(parseTemplate(template), path.slice(1).split('/'));
  return found && Object.fromEntries(found.map(({ fieldPath, value }) => [fieldPath.join('.'), value]));
}

describe('path templates', () => {
  it.each([
    ['/v1/graphs', '/v1/graphs', {}],
    ['/v1/graphs', '/v1/graphs/', undefined],
    ['/v1/graphs', '/v1/graph', undefined],
    ['/v1/graphs', '/v1/gr%61phs', {}],
    ['/v1/{a}', '/v1/x', { a: 'x' }],
    ['/v1/{a}', '/v1/', undefined],
    ['/v1/{a}', '/v1/x/y', undefined],
    ['/v1/{a.b.c}', '/v1/x', { 'a.b.c': 'x' }],
    ['/v1/*/y/{a}', '/v1/x/y/z', { a: 'z' }],
    ['/v1/{a=x/*}/{b.c=**}:verb', '/v1/x/1/p/q:verb', { a: 'x/1', 'b.c': 'p/q' }],
    ['/v1/{a=x/*}/{b.c=**}:verb', '/v1/x/1:verb', { a: 'x/1', 'b.c': '' }],
    ['/v1/{a=x/*}/{b.c=**}:verb', '/v1/x/1/p/q', undefined],
    ['/v1/{a=x/*}/{b.c=**}:verb', '/v1/y/1/p:verb', undefined],
    ['/v1/**', '/v1', {}],
    ['/v1/**', '/v1/a//b', {}],
    ['/v1/{a=**}', '/v1/a//b', { a: 'a//b' }],
    ['/.well-known/jwks.json', '/.well-known/jwks.json', {}],
    ['/v1/{a}:cancel', '/v1/x:cancel', { a: 'x' }],
    ['/v1/{a}:cancel', '/v1/x:y:cancel', { a: 'x:y' }],
    ['/v1/{a}:cancel', '/v1/x%3Acancel', undefined],
    ['/v1/{a}:cancel', '/v1/:cancel', undefined],
  ])('%s matches %s as %o', (template, path, expected) => {
    expect(variables(template, path)).toEqual(expected);
  });

  it('decodes a single segment whole and keeps encoded slashes in several', () => {
    expect(variables('/v1/{a}', '/v1/a%2Fb%20%C3%A9')).toEqual({ a: 'a/b é' });
    expect(variables('/v1/{a=x/*}', '/v1/x/a%2Fb%2fc%20')).toEqual({ a: 'x/a%2Fb%2fc ' });
    expect(variables('/v1/{a=**}', '/v1/a%2Fb/c%3F')).toEqual({ a: 'a%2Fb/c?' });
    expect(variables('/v1/{a}', '/v1/a+b')).toEqual({ a: 'a+b' });
  });

  it.each([
    '',
    'v1',
    '/',
    '/v1/',
    '/v1//x',
    '/v1/{',
    '/v1/{}',
    '/v1/{a',
    '/v1/{a={b}}',
    '/v1/{a=}',
    '/v1/{1a}',
    '/v1/{a..b}',
    '/v1/**/x',
    '/v1/{a=**}/x',
    '/v1/x*',
    '/v1/{a}x',
    '/v1/{a}/{a}',
    '/v1/x?y',
    '/v1/x:',
    '/v1/%zz',
  ])('%j is refused as a template', (template) => {
    expect(() => parseTemplate(template)).toThrow(/^path template /);
  });

  it('gives back any value that a client encoded into a single segment', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(text, (value) => {
        expect(variables('/v1/{a}/x', `/v1/${encodeURIComponent(value)}/x`)).toEqual({ a: value });
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('parses or refuses any text and never fails otherwise', () => {
    const piece = fc.constantFrom('/', '{', '}', '=', '*', '**', ':', '.', 'a', 'v1', '%41', '%', ' ');
    const template = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(template, fc.webPath(), (source, path) => {
        try {
          matchTemplate(parseTemplate(source), path.slice(1).split('/'));
        } catch (thrown) {
          expect((thrown as Error).message).toMatch(/^path template /);
        }
      }),
      { seed: 2, numRuns: 1000 },
    );
  });
});
