/**
 * The percent-encoding of `grpc-message`: of what is not printable ASCII, of the percent sign, and of
 * spaces at an end, which HTTP/2 does not let a field have.
 */
export function encodeGrpcMessage(message: string): string {
  return message.toWellFormed().replace(/^ +| +$|[^ -$&-~]+/g, encodeURIComponent);
}

const encodedRun = /(?:%[0-9A-Fa-f]{2})+/g;

/** The text of a `grpc-message`. What is not encoded as it should be stays as it came. */
export function decodeGrpcMessage(message: string): string {
  return message.includes('%') ? message.replace(encodedRun, decodeRun) : message;
}

function decodeRun(run: string): string {
  try {
    return decodeURIComponent(run);
  } catch {
    return run;
  }
}
