import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { BadRequestSchema, ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import { toCallEnd } from '../data-path/call-end.ts';
import { httpStatusOf } from '../data-path/http-status.ts';
import { connectError } from './connect-error.ts';

const endOf = (code: number, message = '', details = '') => ({ code, message, details, trailers: [] });

describe('an error over Connect', () => {
  // https://connectrpc.com/docs/protocol/#error-codes
  it.each([
    [Code.CANCELLED, 'canceled', 499],
    [Code.UNKNOWN, 'unknown', 500],
    [Code.INVALID_ARGUMENT, 'invalid_argument', 400],
    [Code.DEADLINE_EXCEEDED, 'deadline_exceeded', 504],
    [Code.NOT_FOUND, 'not_found', 404],
    [Code.ALREADY_EXISTS, 'already_exists', 409],
    [Code.PERMISSION_DENIED, 'permission_denied', 403],
    [Code.RESOURCE_EXHAUSTED, 'resource_exhausted', 429],
    [Code.FAILED_PRECONDITION, 'failed_precondition', 400],
    [Code.ABORTED, 'aborted', 409],
    [Code.OUT_OF_RANGE, 'out_of_range', 400],
    [Code.UNIMPLEMENTED, 'unimplemented', 501],
    [Code.INTERNAL, 'internal', 500],
    [Code.UNAVAILABLE, 'unavailable', 503],
    [Code.DATA_LOSS, 'data_loss', 500],
    [Code.UNAUTHENTICATED, 'unauthenticated', 401],
  ])('with the code %i is %s and HTTP status %i', (code, name, status) => {
    expect(connectError(endOf(code))).toEqual({ code: name });
    expect(httpStatusOf(code)).toBe(status);
  });

  it('with a code that nobody knows is unknown', () => {
    expect([connectError(endOf(99)), httpStatusOf(99)]).toEqual([{ code: 'unknown' }, 500]);
  });

  it('has its details with their types and bytes, and readable for people', () => {
    const violations = [{ field: 'statement', description: 'must not be empty' }];
    const error = rpcError(ErrorReason.INVALID_REQUEST, 'not like this', { violations });
    const { details, ...rest } = connectError(toCallEnd(error, 'request-1'));
    expect(rest).toEqual({ code: 'invalid_argument', message: 'not like this' });
    const list = details as { type: string; value: string; debug: unknown }[];
    expect(list.map(({ type }) => type)).toEqual([
      'google.rpc.ErrorInfo',
      'google.rpc.RequestInfo',
      'google.rpc.BadRequest',
    ]);
    for (const { value } of list) expect(value).not.toContain('=');
    const [info, , request] = list.map(({ value }) => Buffer.from(value, 'base64'));
    expect(fromBinary(ErrorInfoSchema, info as Buffer).reason).toBe('INVALID_REQUEST');
    expect(fromBinary(BadRequestSchema, request as Buffer).fieldViolations).toMatchObject(violations);
    expect(list[2]?.debug).toMatchObject({ fieldViolations: violations });
  });

  it('has details of types that the edge does not know, and of broken ones, as they are', () => {
    const unknown = create(AnySchema, { typeUrl: 'type.googleapis.com/x.Y', value: new Uint8Array([1, 2]) });
    const broken = { ...anyPack(ErrorInfoSchema, create(ErrorInfoSchema)), value: new Uint8Array([0xff]) };
    const status = create(StatusSchema, { details: [unknown, broken] });
    const bytes = Buffer.from(toBinary(StatusSchema, status)).toString('base64');
    const { details } = connectError(endOf(5, '', bytes));
    expect(details).toEqual([
      { type: 'x.Y', value: 'AQI' },
      { type: 'google.rpc.ErrorInfo', value: '/w' },
    ]);
  });

  it('has no details where they cannot be read', () => {
    expect(connectError(endOf(5, 'gone', '/w=='))).toEqual({ code: 'not_found', message: 'gone' });
  });
});
