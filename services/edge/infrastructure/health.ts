import { create } from '@bufbuild/protobuf';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import {
  Health,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../../gen/grpc/health/v1/health_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { pause } from '../../mesh/process/pause.ts';
import { RpcError } from '../../mesh/rpc/error.ts';
import { type BoundService, bindService } from '../../mesh/rpc/service.ts';

const watchPollMs = 500;

export interface HealthOptions {
  /** The names of the services that clients may ask about. */
  readonly services: readonly string[];
  /** True where calls are served. */
  readonly isReady: () => boolean;
}

/** Serves grpc.health.v1: all services are as ready as the edge is. */
export function healthService({ services, isReady }: HealthOptions): BoundService {
  const known = new Set(['', ...services]);
  const status = (): HealthCheckResponse =>
    create(HealthCheckResponseSchema, {
      status: isReady() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING,
    });
  return bindService(Health, {
    check: async ({ service }) => {
      if (known.has(service)) return status();
      throw new RpcError(Code.NOT_FOUND, ErrorReason.UNSPECIFIED, `no service ${service}`);
    },
    list: async () => ({ statuses: Object.fromEntries([...known].map((name) => [name, status()])) }),
    watch: async function* ({ service }, { signal }) {
      if (!known.has(service)) yield { status: ServingStatus.SERVICE_UNKNOWN };
      let last: ServingStatus | undefined;
      while (!signal.aborted) {
        const next = status();
        if (known.has(service) && next.status !== last) yield next;
        last = next.status;
        await pause(watchPollMs, signal);
      }
    },
  });
}
