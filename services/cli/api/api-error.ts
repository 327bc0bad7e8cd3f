import { CliError, toReason } from '../failure.ts';

/** What Trellis said of a call that failed. */
export class ApiError extends CliError {
  override readonly name = 'ApiError';
  /** The stable reason, such as `GRAPH_NOT_FOUND`. */
  readonly reason: string;
  readonly requestId: string;
  /** When to come back, in milliseconds; undefined where that would not help. */
  readonly retryAfterMs: number | undefined;

  constructor({ message, reason, requestId, details }: ErrorBody) {
    const retryAfterMs = findRetryMs(details ?? []);
    const retry = retryAfterMs === undefined ? '' : `; try again in ${Math.ceil(retryAfterMs / 1000)} s`;
    const position = findPosition(details ?? []);
    const names = [reason, requestId && `request ${requestId}`].filter(Boolean);
    super(`${message}${position}${retry} (${names.join(', ')})`);
    this.reason = reason;
    this.requestId = requestId ?? '';
    this.retryAfterMs = retryAfterMs;
  }
}

/** The REST form of an error, as far as it is read here. */
export interface ErrorBody {
  readonly message: string;
  readonly reason: string;
  readonly requestId?: string;
  readonly details?: readonly unknown[];
}

/** The error in `{"error":{…}}`; undefined where the JSON is no such thing. */
export function findError(json: unknown): ApiError | undefined {
  const { error } = (json ?? {}) as { readonly error?: Partial<ErrorBody> };
  if (typeof error?.message !== 'string' || typeof error.reason !== 'string') return undefined;
  return new ApiError({ ...error, message: error.message, reason: error.reason });
}

/** Says where Trellis was looked for and how to start it. */
export function unreachable(url: string, error: unknown): CliError {
  const cause = error instanceof Error && error.cause ? error.cause : error;
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') {
    return new CliError(
      `nothing listens at ${url}. Start the mesh with "npm start", or say where it is with --url or TRELLIS_URL`,
      { cause },
    );
  }
  if (code === 'ENOTFOUND') return new CliError(`the host of ${url} is not known`, { cause });
  return new CliError(`the connection to ${url} broke: ${toReason(cause)}`, { cause });
}

/** Where in the statement, for the reasons that know. */
function findPosition(details: readonly unknown[]): string {
  for (const detail of details) {
    const { metadata } = detail as {
      readonly metadata?: { readonly line?: string; readonly column?: string };
    };
    if (metadata?.line && metadata.column) return ` at line ${metadata.line}, column ${metadata.column}`;
  }
  return '';
}

function findRetryMs(details: readonly unknown[]): number | undefined {
  for (const detail of details) {
    const { '@type': type, retryDelay } = detail as { '@type'?: string; retryDelay?: string };
    if (type?.endsWith('/google.rpc.RetryInfo') && retryDelay) return Number.parseFloat(retryDelay) * 1000;
  }
  return undefined;
}
