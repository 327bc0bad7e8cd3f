/** The percent-encoding of `grpc-message`: of what is not printable ASCII, and of the percent sign. */
export function encodeGrpcMessage(message: string): string {
  return message.toWellFormed().replace(/[^ -$&-~]+/g, encodeURIComponent);
}
