/** Credentials: no table holds them, at the receiver or behind it, so that no one can probe for them (RFC 7541, 7.1.3). */
export const neverIndexed: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
  'x-api-key',
]);

/** Another value in each call, or nearly: as entries they would only push out those that repeat. */
export const withoutIndexing: ReadonlySet<string> = new Set([
  // One for each call.
  'traceparent',
  'tracestate',
  'x-request-id',
  // A time, or how much of one is left.
  'age',
  'date',
  'expires',
  'grpc-timeout',
  'if-modified-since',
  'last-modified',
  'retry-after',
  // Of this message.
  'content-length',
  'content-range',
  'etag',
  'if-none-match',
  'location',
  // Of this failure, and most often encoded bytes.
  'grpc-message',
  'grpc-status-details-bin',
  // What is left of a budget.
  'ratelimit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
]);
