import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { InboundCall } from '../inbound-call.ts';
import { toInboundCall } from '../listener/inbound.ts';
import type { HttpRequest, HttpResponse } from '../listener/one-port.ts';
import type { RestHandler } from '../rest/handler.ts';

const timeoutPattern = /^\d{1,6}(?:\.\d{1,3})?$/;

/** Answers an HTTP request by REST, with a 404 where no method has its path. */
export async function serveRest(
  rest: RestHandler,
  request: HttpRequest,
  response: HttpResponse,
): Promise<void> {
  const over = new AbortController();
  response.once('close', () => over.abort());
  const parts = {
    header: (name: string) => headerOf(request, name),
    clientAddress: request.socket.remoteAddress ?? '',
    signal: over.signal,
    responseHeaders: new Headers(),
  };
  let call: InboundCall;
  try {
    call = toInboundCall({ ...parts, timeoutMs: timeoutMsOf(headerOf(request, 'x-request-timeout')) });
  } catch (error) {
    await rest.fail(error, request, response, toInboundCall({ ...parts, timeoutMs: undefined }));
    return;
  }
  const match = rest.match(request.method ?? '', request.url ?? '');
  await rest.serve(match, request, response, call);
}

/** The one value of a header. */
export function headerOf(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function timeoutMsOf(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (timeoutPattern.test(seconds)) return Number(seconds) * 1000;
  const violations = [{ field: 'X-Request-Timeout', description: 'must be seconds, such as 30 or 0.5' }];
  throw rpcError(ErrorReason.INVALID_REQUEST, 'X-Request-Timeout must be seconds, such as 30 or 0.5', {
    violations,
  });
}
