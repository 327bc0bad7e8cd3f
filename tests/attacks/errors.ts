import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import type { ServiceError } from '@grpc/grpc-js';
import { type ErrorInfo, ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../gen/google/rpc/status_pb.js';
import type { RestAnswer } from '../support/rest.ts';

/** What an error says of a statement, the same in every protocol. */
export interface Refusal {
  readonly reason: string;
  readonly construct: string | undefined;
  readonly line: string | undefined;
  readonly column: string | undefined;
  readonly offset: string | undefined;
}

/** The refusal in a REST answer; undefined where it is no error. */
export function refusalOfAnswer({ status, body }: RestAnswer): Refusal | undefined {
  if (status === 200) return undefined;
  const { reason, details } = body.error;
  const metadata = details.find(({ '@type': type }: { '@type': string }) =>
    type.endsWith('ErrorInfo'),
  )?.metadata;
  return toRefusal(reason, metadata ?? {});
}

/** The refusal in what a gRPC client was told. */
export function refusalOfError(error: unknown): Refusal {
  const { code, metadata } = error as ServiceError;
  if (code === undefined) throw error;
  const [packed] = metadata.get('grpc-status-details-bin');
  const status = packed ? fromBinary(StatusSchema, Buffer.from(packed)) : undefined;
  const info = status?.details
    .map((any): ErrorInfo | undefined => anyUnpack(any, ErrorInfoSchema))
    .find((each) => each !== undefined);
  return toRefusal(info?.reason ?? `status ${code}`, info?.metadata ?? {});
}

function toRefusal(reason: string, metadata: Readonly<Record<string, string>>): Refusal {
  const { construct, line, column, offset } = metadata;
  return { reason, construct, line, column, offset };
}
