import { fileURLToPath } from 'node:url';
import { type Client, credentials, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const protoRoot = fileURLToPath(new URL('../../proto', import.meta.url));
const files = [
  'iam/v1/auth',
  'iam/v1/user',
  'iam/v1/api_key',
  'graph/v1/graph',
  'graph/v1/catalog',
  'graph/v1/placement',
  'graph/v1/repository',
  'iam/v1/subscription',
];

/** A message as proto-loader gives it: 64-bit integers as strings, bytes as Buffers, enums by name. */
// biome-ignore lint/suspicious/noExplicitAny: a foreign client has no types of ours
export type ForeignMessage = any;

type Call = (...args: unknown[]) => ForeignMessage;

/** A gRPC client that knows nothing of this project but its .proto files. */
export class ForeignGrpcClient {
  readonly #address: string;
  readonly #clients = new Map<string, Client>();
  readonly #metadata = new Metadata();
  readonly #packages = loadPackageDefinition(
    loadSync(
      files.map((file) => `trellis/${file}.proto`),
      { includeDirs: [protoRoot], longs: String, enums: String, oneofs: true },
    ),
  );

  constructor(port: number, credential?: string) {
    this.#address = `127.0.0.1:${port}`;
    if (credential) this.#metadata.set('authorization', `Bearer ${credential}`);
  }

  /** Calls a unary method, such as `graph.v1.GraphService`, `query`. */
  unary(service: string, method: string, request: object): Promise<ForeignMessage> {
    return new Promise((resolve, reject) => {
      this.#method(service, method)(
        request,
        this.#metadata,
        (error: ServiceError | null, response: unknown) => {
          if (error) reject(error);
          else resolve(response);
        },
      );
    });
  }

  /** Calls a method that answers with a stream. */
  stream(service: string, method: string, request: object): AsyncIterable<ForeignMessage> {
    return this.#method(service, method)(request, this.#metadata);
  }

  /** Calls a method that takes a stream. */
  upload(service: string, method: string, requests: Iterable<object>): Promise<ForeignMessage> {
    return new Promise((resolve, reject) => {
      const call = this.#method(service, method)(
        this.#metadata,
        (error: ServiceError | null, response: unknown) => {
          if (error) reject(error);
          else resolve(response);
        },
      );
      for (const request of requests) call.write(request);
      call.end();
    });
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  #method(service: string, method: string): Call {
    let client = this.#clients.get(service);
    if (!client) {
      let found: ForeignMessage = this.#packages.trellis;
      for (const part of service.split('.')) found = found[part];
      client = new found(this.#address, credentials.createInsecure()) as Client;
      this.#clients.set(service, client);
    }
    const call = (client as unknown as Record<string, Call>)[method];
    if (!call) throw new Error(`${service} has no method ${method}`);
    return call.bind(client);
  }
}
