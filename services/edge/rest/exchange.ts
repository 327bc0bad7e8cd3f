import type { InboundCall } from '../inbound-call.ts';
import type { RestRequest } from './body.ts';
import type { Route } from './request.ts';
import type { AnswerHead, RestResponse } from './response.ts';

/** What an answer needs to know of its call, also before there is an InboundCall. */
export interface AnswerContext {
  readonly requestId: string;
  /** Headers of the answer by their lower-case names, as the data path wants them. */
  readonly responseHeaders: Iterable<readonly [string, string]>;
}

/** A request on its way. */
export interface Exchange {
  readonly route: Route;
  readonly request: RestRequest;
  readonly response: RestResponse;
  readonly call: InboundCall;
}

/** The head of an answer to a call. */
export function headOf(
  { requestId, responseHeaders }: AnswerContext,
  status: number,
  headers: Readonly<Record<string, string>>,
): AnswerHead {
  return { status, requestId, fromDataPath: responseHeaders, headers };
}

/** Who may keep an answer that has an entity tag: they ask each time whether it still holds. */
export function taggedCacheControl({ binding }: Route): string {
  return binding.isPublic ? 'no-cache' : 'private, no-cache';
}
