import { createHash } from 'node:crypto';
import { type Message, ScalarType } from '@bufbuild/protobuf';
import type { RestBinding } from './binding.ts';

/** What RFC 9110 lets an entity tag consist of. */
const tagPattern = /^[\x21\x23-\x7e]{1,128}$/;
const listedTagPattern = /(?:W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;

/**
 * The entity tag of an answer to GET. The contract gives it where the response message has a field `etag` or
 * `revision` at its top: a state of what the path names; else it stands for the bytes. Always weak, because the same
 * answer may be sent compressed.
 */
export function entityTag(binding: RestBinding, message: Message, content: string | Uint8Array): string {
  const stated = statedTag(binding, message);
  return `W/"${stated ?? createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
}

function statedTag({ method }: RestBinding, message: Message): string | undefined {
  const field = tagField(method);
  const value = field && (message as unknown as Readonly<Record<string, unknown>>)[field.localName];
  return typeof value === 'string' && tagPattern.test(value) ? value : undefined;
}

function tagField({ output }: RestBinding['method']) {
  return ['etag', 'revision']
    .map((name) => output.fields.find((field) => field.name === name))
    .find((field) => field?.fieldKind === 'scalar' && field.scalar === ScalarType.STRING && !field.oneof);
}

/** True where an If-None-Match header names the tag: the client has the answer already. */
export function isKnownTag(ifNoneMatch: string | undefined, tag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  const opaque = tag.replace(/^W\//, '').slice(1, -1);
  return [...ifNoneMatch.matchAll(listedTagPattern)].some(([, listed]) => listed === opaque);
}
