import { describe, expect, it } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { CallEnd } from './call.ts';
import { fromCallEnd, fromUpstreamEnd, readDetails, toCallEnd } from './call-end.ts';

const endOf = (changes: Partial<CallEnd>): CallEnd => ({
  code: Code.UNAVAILABLE,
  message: 'busy',
  details: '',
  trailers: [],
  ...changes,
});

describe('an error as the end of a call', () => {
  const error = rpcError(ErrorReason.INVALID_REQUEST, 'not like this', {
    metadata: { limit: '5' },
    violations: [{ field: 'statement', description: 'must not be empty' }],
  });

  it('is the same error again', () => {
    const again = fromCallEnd(toCallEnd(error, 'request-1'));
    const { code, reason, message, metadata, details } = error;
    expect(again).toMatchObject({ code, reason, message, metadata });
    expect(again.details.map(({ value }) => [...value])).toEqual(details.map(({ value }) => [...value]));
  });

  it('has its request id in the details', () => {
    const { details } = toCallEnd(error, 'request-1');
    expect(readDetails(details)?.details.map(({ typeUrl }) => typeUrl)).toContain(
      'type.googleapis.com/google.rpc.RequestInfo',
    );
    expect(Buffer.from(details, 'base64').toString('latin1')).toContain('request-1');
  });

  it('says when to come back, in whole milliseconds', () => {
    const limited = rpcError(ErrorReason.RATE_LIMITED, 'too many', { retryAfterMs: 12.3 });
    expect(toCallEnd(limited, 'request-1').retryAfterMs).toBe(13);
    expect(toCallEnd(error, 'request-1')).not.toHaveProperty('retryAfterMs');
  });
});

describe('the end that a service told', () => {
  it('says when to come back where its details do', () => {
    const { details } = toCallEnd(rpcError(ErrorReason.RATE_LIMITED, '', { retryAfterMs: 1_500 }), 'r');
    expect(fromUpstreamEnd(endOf({ details }))).toMatchObject({ retryAfterMs: 1_500 });
    expect(fromUpstreamEnd(endOf({}))).not.toHaveProperty('retryAfterMs');
  });

  it.each([
    ['are missing', ''],
    ['are no protobuf', Buffer.from([0xff]).toString('base64')],
  ])('is code and message where its details %s', (_name, details) => {
    const error = fromCallEnd(endOf({ details }));
    expect([error.code, error.message, error.reason]).toEqual([
      Code.UNAVAILABLE,
      'busy',
      ErrorReason.UNSPECIFIED,
    ]);
    expect(readDetails(details)).toBeUndefined();
  });

  it('is passed on where its details cannot be read', () => {
    const end = endOf({ details: Buffer.from([0xff]).toString('base64') });
    expect(fromUpstreamEnd(end)).toEqual(end);
  });
});
