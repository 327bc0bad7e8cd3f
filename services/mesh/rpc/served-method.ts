import type { DescMethod, Message } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { Access, type MethodPolicy } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { Logger } from '../log/logger.ts';
import { callEnd } from './call-end.ts';
import { untilCertainEnd } from './certain-end.ts';
import type { IncomingCall } from './dispatcher.ts';
import type { Answer } from './encoded-message.ts';
import { type RpcError, rpcError, toRpcError } from './error.ts';
import { HandlerContext } from './handler-context.ts';
import {
  type BoundMethod,
  type HandlerResponse,
  type Input,
  isStream,
  takesStream,
  toAnswer,
} from './service.ts';
import { type Validation, validationOf } from './validation.ts';

/** A method as calls get to it, with everything that holds for each of them: policy, validation, errors, logs. */
export class ServedMethod {
  readonly desc: DescMethod;
  readonly takesStream: boolean;
  readonly #handle: BoundMethod['handle'];
  readonly #policy: MethodPolicy;
  readonly #validate: Validation;
  readonly #log: Logger;

  constructor({ desc, handle }: BoundMethod, policy: MethodPolicy, log: Logger) {
    this.desc = desc;
    this.takesStream = takesStream(desc);
    this.#handle = handle;
    this.#policy = policy;
    this.#validate = validationOf(desc.input);
    this.#log = log;
  }

  /**
   * Runs a call; its input is a stream where the method takes one. The result is a stream where the handler's is.
   * Whatever goes wrong is thrown, there or by the promise, as RpcError.
   */
  run(input: Input, call: IncomingCall): Promise<Answer> | AsyncIterable<Answer> {
    const startMs = performance.now();
    const context = new HandlerContext(call, this.desc, this.#log);
    let output: Promise<HandlerResponse> | AsyncIterable<HandlerResponse>;
    try {
      checkAccess(this.#policy, context);
      output = this.#handle(this.#checked(input, context), context);
    } catch (thrown) {
      output = Promise.reject(thrown);
    }
    return isStream(output) ? this.#stream(output, context, startMs) : this.#answer(output, context, startMs);
  }

  /** The input, held against the contract; of a stream each message as it comes. */
  #checked(input: Input, context: HandlerContext): Input {
    if (!isStream(input)) {
      this.#validate(input);
      return input;
    }
    // A handler that waits for a request hears of the call's end, too.
    return validated(this.#validate, untilCertainEnd(input, context));
  }

  async #answer(output: Promise<HandlerResponse>, context: HandlerContext, startMs: number): Promise<Answer> {
    try {
      const answer = toAnswer(this.desc, await output);
      this.#logSuccess(context, startMs);
      return answer;
    } catch (thrown) {
      throw this.#fail(context, startMs, thrown);
    }
  }

  async *#stream(
    output: AsyncIterable<HandlerResponse>,
    context: HandlerContext,
    startMs: number,
  ): AsyncIterable<Answer> {
    try {
      for await (const response of output) yield toAnswer(this.desc, response);
      this.#logSuccess(context, startMs);
    } catch (thrown) {
      throw this.#fail(context, startMs, thrown);
    }
  }

  #logSuccess(context: HandlerContext, startMs: number): void {
    if (this.#log.isLevelEnabled('debug'))
      context.log.debug({ elapsedMs: performance.now() - startMs }, 'call');
  }

  /** What ended the call from outside is its error, whatever else went wrong. */
  #fail(context: HandlerContext, startMs: number, thrown: unknown): RpcError {
    const failure = toRpcError(callEnd(context) ?? thrown);
    const { reason, message, cause } = failure;
    const elapsedMs = performance.now() - startMs;
    if (reason === ErrorReason.INTERNAL) context.log.error({ elapsedMs, err: cause }, message);
    else if (this.#log.isLevelEnabled('debug'))
      context.log.debug({ elapsedMs, reason: ErrorReason[reason], cause }, message);
    return failure;
  }
}

function checkAccess(policy: MethodPolicy, { caller }: HandlerContext): void {
  if (policy.access !== Access.AUTHENTICATED || caller.principal) return;
  throw rpcError(ErrorReason.CREDENTIAL_MISSING, 'this method needs a credential');
}

async function* validated(validate: Validation, requests: AsyncIterable<Message>): AsyncIterable<Message> {
  for await (const request of requests) {
    validate(request);
    yield request;
  }
}
