import type { IncomingHttpHeaders } from 'node:http';
import type { Exchange, Fields } from '../listener/exchange.ts';

/** How long a browser may remember what a preflight said. The most that browsers take. */
const preflightSeconds = 7_200;
const methods = 'GET, HEAD, POST, PUT, PATCH, DELETE';

/** Everything that an answer may say; `*` is for metadata of services, and counts as no credentials are sent. */
const exposed = [
  'grpc-status',
  'grpc-message',
  'grpc-status-details-bin',
  'grpc-encoding',
  'connect-content-encoding',
  'content-encoding',
  'etag',
  'location',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'x-request-id',
  '*',
].join(', ');

/** Which pages of other origins may read answers. */
export interface Cors {
  /** Header fields for the answer to a request; none where it comes from no other origin, or from one not allowed. */
  fields(headers: IncomingHttpHeaders): Fields;
  /** Answers a browser's question before a request; false where this is none. */
  preflight(exchange: Exchange): boolean;
}

const none: Fields = [];

/** CORS for these origins; `*` allows all. Calls are made with keys, never with cookies, so that this is safe. */
export function createCors(origins: readonly string[]): Cors {
  const allowsAll = origins.includes('*');
  const allowed = (origin: string | undefined): Fields => {
    if (origin === undefined) return none;
    if (allowsAll) return ['access-control-allow-origin', '*'];
    return origins.includes(origin)
      ? ['access-control-allow-origin', origin, 'vary', 'origin']
      : ['vary', 'origin'];
  };
  return {
    fields: ({ origin }) => {
      const fields = allowed(origin);
      return fields[0] === 'access-control-allow-origin'
        ? [...fields, 'access-control-expose-headers', exposed]
        : fields;
    },
    preflight: (exchange) => {
      const { origin, 'access-control-request-method': method } = exchange.headers;
      if (exchange.method !== 'OPTIONS' || origin === undefined || method === undefined) return false;
      const wanted = exchange.headers['access-control-request-headers'];
      const fields = [...allowed(origin), 'access-control-allow-methods', methods];
      if (wanted !== undefined) fields.push('access-control-allow-headers', wanted);
      fields.push('access-control-max-age', String(preflightSeconds));
      fields.push('vary', 'access-control-request-method, access-control-request-headers');
      exchange.respond(204, fields, true);
      return true;
    },
  };
}
