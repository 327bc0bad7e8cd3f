import type { DescMethod, DescService, Registry } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type Clock, systemClock } from '../../mesh/process/clock.ts';
import { type RpcError, rpcError, toRpcError } from '../../mesh/rpc/error.ts';
import type { Forward, InboundCall } from '../inbound-call.ts';
import { answer } from './answer.ts';
import type { RestRequest } from './body.ts';
import { errorHeaders, errorJson, HttpFailure, httpStatus, methodNotAllowed, notFound } from './error.ts';
import { type AnswerContext, headOf } from './exchange.ts';
import { JsonWriter } from './message-to-json.ts';
import type { RequestRules } from './request.ts';
import { endResponse, isGone, type RestResponse, sendHead, sendWhole } from './response.ts';
import { createRouter, type RouteMatch } from './router.ts';

const mebibyte = 1024 * 1024;

export interface RestHandlerOptions {
  /** The services whose reachable methods with a google.api.http option are served. */
  readonly services: readonly DescService[];
  readonly forward: Forward;
  /** The most bytes of a body that is one message, inflated. 4 MiB where not given; uploads in a stream have none. */
  readonly bodyBytesMax?: number;
  /** Query parameters that no field is named by. Refused where not given. */
  readonly unknownParameters?: 'refuse' | 'ignore';
  /** What may be in a google.protobuf.Any of an answer. */
  readonly registry?: Registry;
  /** For the signs of life of silent streams. */
  readonly clock?: Clock;
}

/** How a request was answered, for logs and metrics. */
export interface RestOutcome {
  /** The method; undefined where none was found. */
  readonly method: DescMethod | undefined;
  /** The HTTP status as sent. A stream that failed later has 200 and an error. */
  readonly status: number;
  /** What went wrong; its cause is for the log only. */
  readonly error: RpcError | undefined;
}

export interface RestHandler {
  /** Finds the method of a request by its HTTP method and target, such as `/v1/graphs?pageSize=2`. */
  match(httpMethod: string, target: string): RouteMatch;
  /** Answers a request. Never rejects; answers 404, 405 and OPTIONS too. */
  serve(
    match: RouteMatch,
    request: RestRequest,
    response: RestResponse,
    call: InboundCall,
  ): Promise<RestOutcome>;
  /** Answers a request with an error, such as one that came before there was a call. */
  fail(
    thrown: unknown,
    request: RestRequest,
    response: RestResponse,
    context: AnswerContext,
  ): Promise<RestOutcome>;
}

/** REST for the methods of the services, all of it from their descriptors. */
export function createRestHandler(options: RestHandlerOptions): RestHandler {
  const router = createRouter(options.services);
  const rules: RequestRules = {
    bodyBytesMax: options.bodyBytesMax ?? 4 * mebibyte,
    unknownParameters: options.unknownParameters ?? 'refuse',
  };
  const tools = {
    forward: options.forward,
    writer: new JsonWriter(options.registry),
    rules,
    clock: options.clock ?? systemClock,
  };
  return {
    match: router,
    fail: async (thrown, request, response, context) => {
      return await sendError(thrown, undefined, request, response, context);
    },
    serve: async (match, request, response, call) => {
      const method = match.kind === 'route' ? match.binding.method : undefined;
      try {
        if (match.kind === 'options') return sendOptions(match.allow, response, call);
        if (match.kind !== 'route') throw unroutable(match, request);
        const exchange = { route: match, request, response, call };
        const error = await answer(exchange, tools);
        return { method, status: response.statusCode, error };
      } catch (thrown) {
        return await sendError(thrown, method, request, response, call);
      }
    },
  };
}

function unroutable(match: RouteMatch, request: RestRequest): unknown {
  if (match.kind === 'not-allowed') return methodNotAllowed(request.method ?? '', match.allow);
  if (match.kind !== 'malformed') return notFound();
  return rpcError(ErrorReason.INVALID_REQUEST, 'the path is not percent-encoded UTF-8');
}

function sendOptions(allow: readonly string[], response: RestResponse, context: AnswerContext): RestOutcome {
  sendHead(response, headOf(context, 204, { allow: allow.join(', ') }));
  endResponse(response);
  return { method: undefined, status: 204, error: undefined };
}

async function sendError(
  thrown: unknown,
  method: DescMethod | undefined,
  request: RestRequest,
  response: RestResponse,
  context: AnswerContext,
): Promise<RestOutcome> {
  const failure = thrown instanceof HttpFailure ? thrown : undefined;
  const error = failure?.error ?? toRpcError(thrown);
  const status = failure?.status ?? httpStatus(error);
  if (response.headersSent) {
    response.destroy();
  } else if (!isGone(response)) {
    const headers = { 'content-type': 'application/json', ...errorHeaders(error), ...failure?.headers };
    const content = errorJson(error, context.requestId, status);
    await sendWhole(request, response, headOf(context, status, headers), content);
  }
  return { method, status, error };
}
