/** Metadata that services of the mesh send each other. The edge strips every `x-trellis-*` that comes from outside. */
export const headers = {
  /** Who calls, signed: see identity/assertion.ts. */
  assertion: 'x-trellis-assertion',
  /** Where the client connected from. */
  clientAddress: 'x-trellis-client-address',
  requestId: 'x-request-id',
  traceparent: 'traceparent',
  /** google.rpc.Status, by gRPC's convention. */
  statusDetails: 'grpc-status-details-bin',
} as const;

const requestIdPattern = /^[A-Za-z0-9._:-]{1,64}$/;

/** True for a request id that may go into logs and headers as it is. */
export function isRequestId(value: string | undefined): value is string {
  return value !== undefined && requestIdPattern.test(value);
}
