import { toInboundHead } from '../inbound-head.ts';
import type { HttpRequest, HttpResponse } from '../listener/http-messages.ts';
import type { RestHandler } from '../rest/handler.ts';
import { headerOf } from './header.ts';
import { parseRestTimeout } from './timeout.ts';

const clientGone = new Error('the client is gone');

/** Answers an HTTP request by REST, with a 404 where no method has its path. */
export async function serveRest(
  rest: RestHandler,
  request: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const over = new AbortController();
  response.once('close', () => {
    if (!response.isAnswered) over.abort(clientGone);
  });
  const toCall = (timeoutMs: number | undefined) => {
    const head = toInboundHead({
      header: (name) => headerOf(request.headers, name),
      clientAddress: request.clientAddress,
      timeoutMs,
      metadata: [],
    });
    return { ...head, signal: over.signal };
  };
  const timeout = headerOf(request.headers, 'x-request-timeout');
  let timeoutMs: number | undefined;
  try {
    timeoutMs = timeout === undefined ? undefined : parseRestTimeout(timeout);
  } catch (error) {
    await rest.fail(error, request, response, toCall(undefined));
    return;
  }
  const match = rest.match(request.method ?? '', request.url ?? '');
  await rest.serve(match, request, response, toCall(timeoutMs));
}
