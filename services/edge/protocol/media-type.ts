/** How messages are written: as protobuf or as JSON. */
export type CodecName = 'proto' | 'json';

/** The protocols that frame messages. */
export type FramedProtocol = 'grpc' | 'grpc-web' | 'grpc-web-text' | 'connect-stream';

/** The protocols of RPCs. `connect` is Connect's form for unary calls, where the body is the bare message. */
export type ProtocolName = FramedProtocol | 'connect';

/** What the content type of a request says. */
export interface MediaType {
  readonly protocol: ProtocolName;
  readonly codec: CodecName;
  /** The content type that answers have. */
  readonly contentType: string;
}

const unary: readonly [string, ProtocolName, CodecName][] = [
  ['application/proto', 'connect', 'proto'],
  ['application/json', 'connect', 'json'],
];

const streams: readonly [string, ProtocolName, CodecName][] = [
  ['application/connect+proto', 'connect-stream', 'proto'],
  ['application/connect+json', 'connect-stream', 'json'],
];

const all: readonly [string, ProtocolName, CodecName][] = [
  ['application/grpc', 'grpc', 'proto'],
  ['application/grpc+proto', 'grpc', 'proto'],
  ['application/grpc+json', 'grpc', 'json'],
  ['application/grpc-web', 'grpc-web', 'proto'],
  ['application/grpc-web+proto', 'grpc-web', 'proto'],
  ['application/grpc-web+json', 'grpc-web', 'json'],
  ['application/grpc-web-text', 'grpc-web-text', 'proto'],
  ['application/grpc-web-text+proto', 'grpc-web-text', 'proto'],
  ...streams,
  ...unary,
];

const byContentType: ReadonlyMap<string, MediaType> = new Map(
  all.map(([contentType, protocol, codec]) => [contentType, { contentType, protocol, codec }]),
);

/** The protocol and codec of a content type; parameters such as a charset say nothing more. */
export function parseMediaType(contentType: string | undefined): MediaType | undefined {
  if (contentType === undefined) return undefined;
  const known = byContentType.get(contentType);
  if (known) return known;
  const [essence = ''] = contentType.split(';', 1);
  return byContentType.get(essence.trim().toLowerCase());
}

/** The content types that a method can be called with, for `Accept-Post`. */
export function acceptedMediaTypes(isUnary: boolean): string {
  const other = isUnary ? streams : unary;
  return all
    .filter((entry) => !other.includes(entry))
    .map(([contentType]) => contentType)
    .join(', ');
}
