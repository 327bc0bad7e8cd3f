import type { HttpRequest, HttpResponse } from '../listener/one-port.ts';
import type { Readiness } from './readiness.ts';

/** Answers a request; false where it is for somebody else. */
export type Pages = (request: HttpRequest, response: HttpResponse) => boolean;

/** Health for load balancers and people: `/healthz` says the process lives, `/readyz` that calls are served. */
export function healthPages(readiness: Readiness): Pages {
  return pages({
    '/healthz': () => ({ status: 200, body: { live: true } }),
    '/readyz': () => {
      const { isReady } = readiness;
      return { status: isReady ? 200 : 503, body: { ready: isReady, checks: readiness.report() } };
    },
  });
}

/** A document that never changes while the process lives. */
export function documentPage(path: string, document: object): Pages {
  return pages({ [path]: () => ({ status: 200, body: document }) });
}

function pages(byPath: Readonly<Record<string, () => { status: number; body: object }>>): Pages {
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1);
    const page = Object.hasOwn(byPath, path) ? byPath[path] : undefined;
    if (!page || (request.method !== 'GET' && request.method !== 'HEAD')) return false;
    const { status, body } = page();
    const bytes = Buffer.from(JSON.stringify(body));
    const headers = { 'content-type': 'application/json', 'content-length': bytes.length };
    (response.writeHead as (status: number, headers: object) => void)(status, headers);
    (response.end as (data?: Buffer) => void)(request.method === 'HEAD' ? undefined : bytes);
    return true;
  };
}
