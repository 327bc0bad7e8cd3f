import type { Fields } from '../listener/exchange.ts';

/**
 * Fields that belong to a connection or a protocol, or that say who calls: the edge reads them, services are told by
 * its own. Those of a browser say nothing to a service.
 */
const ownFields = new Set(
  `accept accept-charset accept-encoding accept-language authorization cache-control connection content-encoding
  content-length content-type cookie dnt expect forwarded host http2-settings keep-alive origin pragma priority
  proxy-authenticate proxy-authorization proxy-connection referer te trailer traceparent tracestate transfer-encoding
  upgrade user-agent via x-api-key x-grpc-web x-real-ip x-request-id x-request-timeout x-user-agent`.split(
    /\s+/,
  ),
);

const ownPrefixes = [':', 'grpc-', 'connect-', 'x-trellis-', 'x-forwarded-', 'sec-', 'access-control-'];

/** The client's own metadata: what is left of its header fields, in order, repeated ones apart. */
export function toMetadata(rawHeaders: Fields): Fields {
  const metadata: string[] = [];
  let connection = '';
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? '';
    if (isMetadata(name)) metadata.push(name, rawHeaders[index + 1] ?? '');
    else if (name === 'connection') connection += `,${rawHeaders[index + 1]}`;
  }
  return connection === '' ? metadata : withoutNamed(metadata, connection);
}

/** What HTTP/1.1's Connection field names is for this hop only (RFC 9110, section 7.6.1). */
function withoutNamed(metadata: Fields, connection: string): Fields {
  const named = new Set(connection.toLowerCase().split(/[\s,]+/));
  return metadata.filter((_text, index) => !named.has(metadata[index - (index % 2)] ?? ''));
}

const seenMax = 1_000;
const seen = new Map<string, boolean>();

/** Remembers the answer: clients send the same names again and again. */
function isMetadata(name: string): boolean {
  const known = seen.get(name);
  if (known !== undefined) return known;
  const answer = !ownFields.has(name) && !ownPrefixes.some((prefix) => name.startsWith(prefix));
  if (seen.size < seenMax) seen.set(name, answer);
  return answer;
}
