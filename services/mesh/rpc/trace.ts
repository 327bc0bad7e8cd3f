import { randomFillSync } from 'node:crypto';

/** A place in a distributed trace, as W3C Trace Context. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: this call. */
  readonly spanId: string;
  /** 16 hexadecimal digits: the call that made this one. */
  readonly parentSpanId?: string;
  readonly sampled: boolean;
}

const traceparentPattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** A new span under the caller's `traceparent`, or at the root of a new trace where there is none to go by. */
export function childTrace(traceparent: string | undefined): TraceContext {
  const match = traceparent === undefined ? null : traceparentPattern.exec(traceparent);
  const [, traceId, parentSpanId, flags] = match ?? [];
  const spanId = randomHex(8);
  if (!traceId || !parentSpanId || !flags || /^0+$/.test(traceId) || /^0+$/.test(parentSpanId)) {
    return { traceId: randomHex(16), spanId, sampled: false };
  }
  return { traceId, spanId, parentSpanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The trace as a `traceparent` header for calls made from here. */
export function toTraceparent(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`;
}

const pool = Buffer.alloc(4_096);
let used = pool.length;

/** Random bytes as hexadecimal digits; drawn from the system for many calls at a time. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}
