import { describe, expect, it } from 'vitest';
import { createCors } from './cors.ts';
import { TestExchange } from './testing.ts';

const mine = 'https://mine.example';
const other = 'https://other.example';
const ask = (origin?: string, more: Readonly<Record<string, string>> = {}) =>
  new TestExchange('OPTIONS', '/v1/graphs', {
    ...(origin && { origin }),
    'access-control-request-method': 'POST',
    ...more,
  });

describe('a page of an origin', () => {
  it('that is allowed may read answers, which caches must tell apart', () => {
    const fields = createCors([mine]).fields({ origin: mine });
    expect(fields.slice(0, 4)).toEqual(['access-control-allow-origin', mine, 'vary', 'origin']);
    expect(fields[4]).toBe('access-control-expose-headers');
  });

  it('that is not allowed may not, which caches must tell apart, too', () => {
    expect(createCors([mine]).fields({ origin: other })).toEqual(['vary', 'origin']);
    expect(createCors([]).fields({ origin: 'null' })).toEqual(['vary', 'origin']);
  });

  it('may read everything that matters where all are allowed', () => {
    const fields = createCors(['*']).fields({ origin: other });
    expect(fields.slice(0, 3)).toEqual(['access-control-allow-origin', '*', 'access-control-expose-headers']);
    expect(fields[3]?.split(', ')).toEqual(
      expect.arrayContaining(['grpc-status', 'grpc-message', 'grpc-status-details-bin', 'retry-after', '*']),
    );
  });

  it('is not asked about where a request comes from none', () => {
    expect(createCors([mine]).fields({})).toEqual([]);
  });
});

describe('a preflight', () => {
  it('is answered at once with what may be sent, to be remembered', () => {
    const exchange = ask(mine, { 'access-control-request-headers': 'authorization,x-mine' });
    expect(createCors([mine]).preflight(exchange)).toBe(true);
    expect([exchange.status, exchange.isWhole]).toEqual([204, true]);
    expect(exchange.values('access-control-allow-origin')).toEqual([mine]);
    expect(exchange.values('access-control-allow-headers')).toEqual(['authorization,x-mine']);
    expect(exchange.values('access-control-max-age')).toEqual(['7200']);
    expect(exchange.values('vary')).toContain('origin');
  });

  it('of an origin that is not allowed says nothing that lets it pass', () => {
    const exchange = ask(other);
    expect(createCors([mine]).preflight(exchange)).toBe(true);
    expect(exchange.values('access-control-allow-origin')).toEqual([]);
  });

  it.each([
    ['has no origin', ask()],
    ['asks for no method', new TestExchange('OPTIONS', '/v1/graphs', { origin: mine })],
    [
      'is another method',
      new TestExchange('POST', '/', { origin: mine, 'access-control-request-method': 'GET' }),
    ],
  ])('is none where a request %s', (_name, exchange) => {
    expect(createCors(['*']).preflight(exchange)).toBe(false);
    expect(exchange.hasResponded).toBe(false);
  });
});
