import { create } from '@bufbuild/protobuf';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import {
  Health,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../../gen/grpc/health/v1/health_pb.js';
import { pause } from '../../mesh/process/pause.ts';

const watchPollMs = 500;

export interface HealthOptions {
  /** The names of the services that clients may ask about. */
  readonly services: readonly string[];
  /** True where calls are served. */
  readonly isReady: () => boolean;
}

/** Serves grpc.health.v1: all services are as ready as the edge is. */
export function healthRoutes({ services, isReady }: HealthOptions): (router: ConnectRouter) => void {
  const known = new Set(['', ...services]);
  const status = (): HealthCheckResponse =>
    create(HealthCheckResponseSchema, {
      status: isReady() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING,
    });
  return (router) =>
    router.service(Health, {
      check: ({ service }) => {
        if (known.has(service)) return status();
        throw new ConnectError(`no service ${service}`, Code.NotFound);
      },
      list: () => ({ statuses: Object.fromEntries([...known].map((name) => [name, status()])) }),
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
