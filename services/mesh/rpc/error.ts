import { create, getOption } from '@bufbuild/protobuf';
import { type Any, anyIs, anyPack, anyUnpack } from '@bufbuild/protobuf/wkt';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from '../../../gen/google/rpc/error_details_pb.js';
import { type Status, StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import { ErrorReason, ErrorReasonSchema } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { reason as reasonOption } from '../../../gen/trellis/policy/v1/policy_pb.js';

/** The domain of every ErrorInfo that Trellis sends. */
const domain = 'trellis';

const codeByReason = new Map(
  ErrorReasonSchema.values.map((value) => [
    value.number,
    value.number === ErrorReason.UNSPECIFIED ? Code.UNKNOWN : getOption(value, reasonOption).code,
  ]),
);

/** One field of a request that breaks a rule. */
export interface FieldViolation {
  /** The field's path in the request, such as `graph_ids[1]`. */
  readonly field: string;
  readonly description: string;
}

export interface RpcErrorOptions {
  /** Facts for machines, such as `{ limit: '5' }`. Sent to the client. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
  /** When a retry may succeed. */
  readonly retryAfterMs?: number;
  /** The quota that is used up. */
  readonly quota?: { readonly subject: string; readonly description: string };
  /** What went wrong inside. Logged, never sent. */
  readonly cause?: unknown;
}

/** An error that a client may see: a stable reason, its status code and typed details. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: Code;
  readonly reason: ErrorReason;
  readonly metadata: Readonly<Record<string, string>>;
  /** Details beside ErrorInfo: BadRequest, QuotaFailure, RetryInfo. */
  readonly details: readonly Any[];

  constructor(
    code: Code,
    reason: ErrorReason,
    message: string,
    metadata: Readonly<Record<string, string>> = {},
    details: readonly Any[] = [],
    cause?: unknown,
  ) {
    super(message, { cause });
    this.code = code;
    this.reason = reason;
    this.metadata = metadata;
    this.details = details;
  }

  /** When a retry may succeed, from RetryInfo. */
  get retryAfterMs(): number | undefined {
    const info = this.details.find((detail) => anyIs(detail, RetryInfoSchema));
    const delay = info && anyUnpack(info, RetryInfoSchema)?.retryDelay;
    return delay && Number(delay.seconds) * 1000 + delay.nanos / 1e6;
  }
}

/** Makes the error of a reason; the contract says which status code it has. */
export function rpcError(reason: ErrorReason, message: string, options: RpcErrorOptions = {}): RpcError {
  const details: Any[] = [];
  if (options.violations) {
    const fieldViolations = options.violations.map(({ field, description }) => ({ field, description }));
    details.push(anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations })));
  }
  if (options.quota) {
    details.push(anyPack(QuotaFailureSchema, create(QuotaFailureSchema, { violations: [options.quota] })));
  }
  if (options.retryAfterMs !== undefined) {
    const ms = Math.max(0, Math.ceil(options.retryAfterMs));
    const retryDelay = { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1e6 };
    details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
  }
  const code = codeByReason.get(reason) ?? Code.UNKNOWN;
  return new RpcError(code, reason, message, options.metadata, details, options.cause);
}

/** The reason's name on the wire: without the enum's prefix. */
export function reasonName(reason: ErrorReason): string {
  return ErrorReason[reason] ?? 'UNSPECIFIED';
}

/** Anything thrown, as an error that a client may see. What is not an RpcError tells nothing but the request id. */
export function toRpcError(thrown: unknown): RpcError {
  if (thrown instanceof RpcError) return thrown;
  return rpcError(ErrorReason.INTERNAL, 'internal error; the log has the cause', { cause: thrown });
}

/** The error as google.rpc.Status, with the request id for support. */
export function toStatus(error: RpcError, requestId: string): Status {
  const info = create(ErrorInfoSchema, {
    reason: reasonName(error.reason),
    domain,
    metadata: { ...error.metadata },
  });
  return create(StatusSchema, {
    code: error.code,
    message: error.message,
    details: [
      anyPack(ErrorInfoSchema, info),
      anyPack(RequestInfoSchema, create(RequestInfoSchema, { requestId })),
      ...error.details,
    ],
  });
}

/** The error of a google.rpc.Status that another service sent. */
export function fromStatus(status: Status): RpcError {
  const infoDetail = status.details.find((detail) => anyIs(detail, ErrorInfoSchema));
  const info = infoDetail && anyUnpack(infoDetail, ErrorInfoSchema);
  const reason = ErrorReason[info?.reason as keyof typeof ErrorReason];
  const details = status.details.filter(
    (detail) => !anyIs(detail, ErrorInfoSchema) && !anyIs(detail, RequestInfoSchema),
  );
  return new RpcError(
    status.code,
    reason ?? ErrorReason.UNSPECIFIED,
    status.message,
    info?.metadata,
    details,
  );
}
