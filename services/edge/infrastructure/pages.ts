import type { HttpRequest, HttpResponse } from '../listener/http-messages.ts';
import type { Readiness } from './readiness.ts';

/** Answers a request; false where it is for somebody else. */
export type Pages = (request: HttpRequest, response: HttpResponse) => boolean;

/** Health for load balancers and people: `/healthz` says the process lives, `/readyz` that calls are served. */
export function healthPages(readiness: Readiness): Pages {
  return pages({
    '/healthz': () => ({ status: 200, bytes: toBytes({ live: true }) }),
    '/readyz': () => {
      const { isReady } = readiness;
      const bytes = toBytes({ ready: isReady, checks: readiness.report() });
      return { status: isReady ? 200 : 503, bytes };
    },
  });
}

function toBytes(body: object): Buffer {
  return Buffer.from(JSON.stringify(body));
}

function pages(byPath: Readonly<Record<string, () => { status: number; bytes: Buffer }>>): Pages {
  return (request, response) => {
    const [path = ''] = request.url.split('?', 1);
    const page = Object.hasOwn(byPath, path) ? byPath[path] : undefined;
    if (!page || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
    const { status, bytes } = page();
    const headers = { 'content-type': 'application/json', 'content-length': String(bytes.length) };
    response.writeHead(status, headers);
    response.end(request.method === 'HEAD' ? undefined : bytes);
    return true;
  };
}
