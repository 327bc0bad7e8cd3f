import { readFile } from 'node:fs/promises';
import {
  createFileRegistry,
  type DescMessage,
  type DescService,
  fromBinary,
  fromJson,
  type Message,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { descriptorsPath } from './suite.ts';

/** What the suite asks of a server under test; see its `server_compat.proto`. */
export interface ServerRequest extends Message {
  readonly useTls: boolean;
  readonly serverCreds?: { readonly cert: Uint8Array; readonly key: Uint8Array };
  readonly messageReceiveLimit: number;
}

/** Where a server under test listens. */
export interface ServerResponse extends Message {
  readonly host: string;
  readonly port: number;
}

/** A call that a client under test shall make; see `client_compat.proto`. Only what we change is named. */
export interface ClientRequest extends Message {
  host: string;
  port: number;
  readonly requestHeaders: readonly { readonly name: string; value: string[] }[];
}

interface Messages {
  readonly ServerCompatRequest: ServerRequest;
  readonly ServerCompatResponse: ServerResponse;
  readonly ClientCompatRequest: ClientRequest;
}

const packageName = 'connectrpc.conformance.v1';
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, await readFile(descriptorsPath)));

/** The service that every case of the suite calls. */
export function conformanceService(): DescService {
  const service = registry.getService(`${packageName}.ConformanceService`);
  if (!service) throw new Error('the descriptors lack the conformance service');
  return service;
}

/** Decodes a message of the suite's own protocol. */
export function decode<Name extends keyof Messages>(name: Name, bytes: Uint8Array): Messages[Name] {
  return fromBinary(schema(name), bytes) as Messages[Name];
}

/** Encodes a message of the suite's own protocol. */
export function encode<Name extends keyof Messages>(name: Name, message: Messages[Name]): Uint8Array {
  return toBinary(schema(name), message);
}

/** Encodes a message that is given in Protobuf's JSON form. */
export function encodeJson(name: keyof Messages, json: Record<string, string | number>): Uint8Array {
  return toBinary(schema(name), fromJson(schema(name), json));
}

function schema(name: string): DescMessage {
  const found = registry.getMessage(`${packageName}.${name}`);
  if (!found) throw new Error(`the descriptors lack ${name}`);
  return found;
}
