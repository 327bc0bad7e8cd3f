import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type AnswerHead, type RestResponse, sendHead } from './response.ts';

/** The headers that an answer is sent with, as names and values. */
function headersOf(head: Partial<AnswerHead>, before: Record<string, string> = {}): Record<string, unknown> {
  let sent: Record<string, unknown> = {};
  const response = Object.assign(new EventEmitter(), {
    getHeader: (name: string) => before[name],
    hasHeader: (name: string) => name in before,
    writeHead: (_status: number, headers: Record<string, unknown>) => {
      sent = headers;
    },
  });
  const whole = { status: 200, requestId: 'r1', fromDataPath: [], headers: {}, ...head };
  sendHead(response as unknown as RestResponse, whole);
  return { ...before, ...sent };
}

describe('the head of an answer', () => {
  it('takes no header from the data path that is HTTP’s own', () => {
    const own = ['connection', 'content-length', 'content-encoding', 'content-type', 'transfer-encoding'];
    const fromDataPath = own.map((name) => [name, 'x'] as const);
    expect(headersOf({ fromDataPath })).toEqual({ 'cache-control': 'no-store', 'x-request-id': 'r1' });
  });

  it('gathers what all say of Vary', () => {
    const fromDataPath = [['vary', 'Accept-Language, origin']] as const;
    const headers = { vary: 'accept-encoding' };
    expect(headersOf({ fromDataPath, headers }, { vary: 'Origin' }).vary).toBe(
      'origin, accept-language, accept-encoding',
    );
  });

  it('keeps cookies apart', () => {
    const fromDataPath = [
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ] as const;
    expect(headersOf({ fromDataPath })['set-cookie']).toEqual(['a=1', 'b=2']);
  });

  it.each([
    [{}, {}, 'no-store'],
    [{ cacheControl: 'no-cache' }, {}, 'no-cache'],
    [{ cacheControl: 'no-cache' }, { 'cache-control': 'max-age=5' }, 'max-age=5'],
    [{ fromDataPath: [['cache-control', 'private']] as const, cacheControl: 'no-cache' }, {}, 'private'],
  ])('is for nobody to keep unless somebody says so: %j %j', (head, before, expected) => {
    expect(headersOf(head, before)['cache-control']).toBe(expected);
  });
});
