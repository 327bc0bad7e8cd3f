import { create, type Message } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { type HttpBody, HttpBodySchema } from '../../../gen/google/api/httpbody_pb.js';
import { takesStream } from '../../mesh/rpc/service.ts';
import { bodyChunks, type RestRequest, readBody } from './body.ts';
import { unsupportedMediaType } from './error.ts';
import { findFieldPath, pathKey } from './fields.ts';
import type { Json } from './json-tree.ts';
import { invalidField, malformedBody } from './malformed.ts';
import { charset, mediaType } from './media-type.ts';
import { readField, readJsonInto } from './message-from-json.ts';
import { parseJson } from './parse-json.ts';
import { setQuery, setVariables } from './query.ts';
import type { RouteMatch } from './router.ts';

export interface RequestRules {
  /** The most bytes of a body that is one message, inflated. */
  readonly bodyBytesMax: number;
  readonly unknownParameters: 'refuse' | 'ignore';
}

/** What the router found for a request. */
export type Route = Extract<RouteMatch, { kind: 'route' }>;

/** The most bytes of an uploaded file in one message. */
const uploadChunkBytesMax = 256 * 1024;
const json = 'application/json';

/**
 * The request messages of an HTTP request: one, or for a client stream as many as its body takes, each read when
 * it is asked for. Throws RpcError or HttpFailure.
 */
export function readRequests(
  route: Route,
  request: RestRequest,
  rules: RequestRules,
): AsyncIterableIterator<Message> {
  const { method, body } = route.binding;
  if (body.kind === 'raw' && takesStream(method)) return readUpload(route, request, rules);
  return oneOf(() => readRequest(route, request, rules));
}

// Not a generator, which would cost more than the JSON of a small request.
function oneOf(read: () => Promise<Message>): AsyncIterableIterator<Message> {
  let isRead = false;
  const iterator: AsyncIterableIterator<Message> = {
    [Symbol.asyncIterator]: () => iterator,
    next: async () => {
      if (isRead) return { done: true, value: undefined };
      isRead = true;
      return { done: false, value: await read() };
    },
  };
  return iterator;
}

async function readRequest(route: Route, request: RestRequest, rules: RequestRules): Promise<Message> {
  const { method, body } = route.binding;
  const target = reflect(method.input);
  // Before the body, whose errors would come much later.
  if (body.kind !== 'message') setFromUrl(target, route, rules);
  const content = await readBody(request, rules.bodyBytesMax);
  if (body.kind === 'raw') return withBytes(target, route, toHttpBody(request, content));
  if (body.kind === 'none') refuseContent(content);
  if (body.kind === 'field') {
    const value = readJson(request, content);
    if (value !== undefined && value !== null) readField(target, body.field, value, body.field.jsonName);
  }
  if (body.kind === 'message') {
    const value = readJson(request, content);
    if (value !== undefined) readJsonInto(target, value);
    refuseContradictions(target, route);
    setFromUrl(target, route, rules);
  }
  return target.message;
}

async function* readUpload(route: Route, request: RestRequest, rules: RequestRules): AsyncGenerator<Message> {
  const { input } = route.binding.method;
  const first = reflect(input);
  setFromUrl(first, route, rules);
  let isFirst = true;
  for await (const whole of bodyChunks(request)) {
    for (let start = 0; start < whole.byteLength; start += uploadChunkBytesMax) {
      const data = whole.subarray(start, start + uploadChunkBytesMax);
      const httpBody = isFirst ? toHttpBody(request, data) : create(HttpBodySchema, { data });
      yield withBytes(isFirst ? first : reflect(input), route, httpBody);
      isFirst = false;
    }
  }
  if (isFirst) yield withBytes(first, route, toHttpBody(request, new Uint8Array()));
}

function toHttpBody(request: RestRequest, data: Uint8Array): HttpBody {
  return create(HttpBodySchema, { contentType: request.headers['content-type'] ?? '', data });
}

function withBytes(target: ReflectMessage, { binding }: Route, httpBody: HttpBody): Message {
  const field = binding.body.kind === 'raw' ? binding.body.field : undefined;
  if (!field) return httpBody;
  target.set(field, reflect(HttpBodySchema, httpBody));
  return target.message;
}

function setFromUrl(target: ReflectMessage, { binding, variables, query }: Route, rules: RequestRules): void {
  setVariables(target, variables);
  if (query === '') return;
  const { body, method } = binding;
  const taken = new Set(
    variables.map(({ fieldPath }) => pathKey(findFieldPath(method.input, fieldPath) ?? [])),
  );
  if ((body.kind === 'field' || body.kind === 'raw') && body.field) taken.add(body.field.name);
  const isClosed = body.kind === 'message' || (body.kind === 'raw' && !body.field);
  setQuery(target, query, { taken, isClosed, unknownParameters: rules.unknownParameters });
}

// The path decides; a body that says something else is a mistake, not a wish.
function refuseContradictions(target: ReflectMessage, { variables }: Route): void {
  for (const variable of variables) {
    const { fieldPath } = variable;
    const inBody = textAt(target, fieldPath);
    if (inBody === undefined) continue;
    const fromPath = reflect(target.desc);
    setVariables(fromPath, [variable]);
    if (inBody !== textAt(fromPath, fieldPath)) {
      throw invalidField(fieldPath.join('.'), 'is given by the path, and otherwise by the body');
    }
  }
}

function textAt(message: ReflectMessage, names: readonly string[]): string | undefined {
  let parent = message;
  for (const field of findFieldPath(message.desc, names) ?? []) {
    if (!parent.isSet(field)) return undefined;
    if (field.fieldKind !== 'message') return String(parent.get(field));
    parent = parent.get(field);
  }
  return JSON.stringify(parent.message, (_, value) => (typeof value === 'bigint' ? `${value}` : value));
}

function readJson({ headers, method }: RestRequest, content: Buffer): Json | undefined {
  if (content.byteLength === 0) return undefined;
  const contentType = headers['content-type'];
  const isJson =
    contentType === json ||
    (mediaType(contentType) === json && (charset(contentType) ?? 'utf-8') === 'utf-8');
  if (!isJson) throw unsupportedMediaType(method, contentType ?? '', json);
  return parseJson(content);
}

// Many clients send `{}` with every POST and DELETE; anything else is meant for a method that takes a body.
function refuseContent(content: Buffer): void {
  if (content.byteLength === 0) return;
  const isEmptyObject = content.byteLength <= 16 && /^\s*\{\s*\}\s*$/.test(content.toString('latin1'));
  if (!isEmptyObject) throw malformedBody('', 'this method takes no body');
}
