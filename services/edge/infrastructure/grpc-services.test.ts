import { fileURLToPath } from 'node:url';
import { create, createFileRegistry, createRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import {
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Health } from '../../../gen/grpc/health/v1/health_pb.js';
import { silentLog } from '../../mesh/rpc/testing.ts';
import { contractServices } from '../contract.ts';
import { listenOnePort, type OnePort } from '../listener/one-port.ts';
import { createCors } from '../protocol/cors.ts';
import { toRpcMethods } from '../protocol/rpc-context.ts';
import { createRpcHandler } from '../protocol/rpc-handler.ts';
import { healthService } from './health.ts';
import { createLocalServices } from './local-services.ts';
import { reflectionServices } from './reflection.ts';

const files = [
  'grpc/health/v1/health',
  'grpc/reflection/v1/reflection',
  'grpc/reflection/v1alpha/reflection',
];
const packages = loadPackageDefinition(
  loadSync(
    files.map((file) => `${file}.proto`),
    { includeDirs: [fileURLToPath(new URL('../../../proto', import.meta.url))], enums: String, oneofs: true },
  ),
);

/** A message or client of a foreign library, which has no types of ours. */
// biome-ignore lint/suspicious/noExplicitAny: a foreign client has no types of ours
type Foreign = any;

let port: OnePort;
let isReady: boolean;

beforeAll(async () => {
  const local = createLocalServices(
    [
      healthService({ services: ['trellis.graph.v1.GraphService'], isReady: () => isReady }),
      ...reflectionServices([...contractServices, Health]),
    ],
    silentLog,
  );
  const rpc = createRpcHandler(toRpcMethods(local.table, local.forward, createRegistry()), {
    cors: createCors([]),
    messageBytesMax: 100_000,
    log: silentLog,
  });
  const handler = { rpc, http: () => {} };
  port = await listenOnePort({ port: 0, host: '127.0.0.1', handler });
});
afterAll(() => port.close(0));
beforeEach(() => {
  isReady = true;
});

/** A client that knows nothing but the .proto files. */
function foreignClient(service: string): Foreign {
  const ServiceClient = service.split('.').reduce((found: Foreign, name) => found[name], packages);
  return new ServiceClient(`127.0.0.1:${port.port}`, credentials.createInsecure());
}

describe('health', () => {
  let health: Foreign;
  beforeAll(() => {
    health = foreignClient('grpc.health.v1.Health');
  });
  afterAll(() => health.close());

  const call = (method: string, request: object): Promise<Foreign> =>
    new Promise((resolve, reject) => {
      health[method](request, (error: ServiceError | null, response: unknown) =>
        error ? reject(error) : resolve(response),
      );
    });

  it('is that of the edge, for the edge and for each service', async () => {
    for (const service of ['', 'trellis.graph.v1.GraphService']) {
      isReady = true;
      expect(await call('check', { service })).toMatchObject({ status: 'SERVING' });
      isReady = false;
      expect(await call('check', { service })).toMatchObject({ status: 'NOT_SERVING' });
    }
  });

  it('of a service that is not known is not found', async () => {
    await expect(call('check', { service: 'x.Y' })).rejects.toMatchObject({ code: 5 });
  });

  it('lists all services', async () => {
    const { statuses } = await call('list', {});
    expect(statuses).toMatchObject({
      '': { status: 'SERVING' },
      'trellis.graph.v1.GraphService': { status: 'SERVING' },
    });
  });

  it.each([
    ['', ['SERVING', 'NOT_SERVING', 'SERVING']],
    ['x.Y', ['SERVICE_UNKNOWN']],
  ])(
    'can be watched: of "%s" each change is told once, until the client leaves',
    async (service, expected) => {
      const stream: ClientReadableStream<{ status: string }> = health.watch({ service });
      const seen: string[] = [];
      stream.on('data', ({ status }) => seen.push(status));
      const ended = new Promise<ServiceError>((resolve) => stream.on('error', resolve as () => void));
      for (const [i, status] of expected.entries()) {
        isReady = status !== 'NOT_SERVING';
        await expect.poll(() => seen.length, { timeout: 5_000 }).toBe(i + 1);
      }
      expect(seen).toEqual(expected);
      stream.cancel();
      expect((await ended).code).toBe(1);
    },
  );
});

describe.each(['v1', 'v1alpha'])('reflection %s', (version) => {
  let reflection: Foreign;
  beforeAll(() => {
    reflection = foreignClient(`grpc.reflection.${version}.ServerReflection`);
  });
  afterAll(() => reflection.close());

  /** Asks several questions over one stream. */
  async function ask(...questions: object[]): Promise<Foreign[]> {
    const stream: ClientDuplexStream<object, Foreign> = reflection.serverReflectionInfo();
    for (const question of questions) stream.write({ host: 'here', ...question });
    stream.end();
    const answers: Foreign[] = [];
    for await (const answer of stream) answers.push(answer);
    return answers;
  }
  const namesOf = ({ fileDescriptorResponse }: Foreign): string[] =>
    fileDescriptorResponse.fileDescriptorProto.map(
      (bytes: Buffer) => fromBinary(FileDescriptorProtoSchema, bytes).name,
    );

  it('lists the services of the contract that clients may know of', async () => {
    const [answer] = await ask({ listServices: '' });
    expect(answer).toMatchObject({ validHost: 'here', messageResponse: 'listServicesResponse' });
    const names = answer.listServicesResponse.service.map(({ name }: { name: string }) => name);
    expect(names).toContain('trellis.graph.v1.GraphService');
    expect(names).toContain('grpc.health.v1.Health');
  });

  it('gives the file of a service with all that it needs, the file itself first', async () => {
    const [answer] = await ask({ fileContainingSymbol: 'trellis.graph.v1.GraphService' });
    expect(namesOf(answer)[0]).toBe('trellis/graph/v1/graph.proto');
    const protos = answer.fileDescriptorResponse.fileDescriptorProto.map((bytes: Buffer) =>
      fromBinary(FileDescriptorProtoSchema, bytes),
    );
    // Dependencies first, as the registry wants them.
    const registry = createFileRegistry(create(FileDescriptorSetSchema, { file: protos.toReversed() }));
    const service = registry.getService('trellis.graph.v1.GraphService');
    expect(service?.method.query?.input.fields.map(({ name }) => name)).toContain('statement');
  });

  it('answers one question after the other: messages, methods, fields, files, extensions', async () => {
    const answers = await ask(
      { fileContainingSymbol: 'trellis.graph.v1.QueryRequest' },
      { fileContainingSymbol: 'trellis.graph.v1.GraphService.Query' },
      { fileContainingSymbol: 'trellis.graph.v1.QueryRequest.statement' },
      { fileByFilename: 'trellis/graph/v1/graph.proto' },
    );
    expect(answers.map((answer) => namesOf(answer)[0])).toEqual(
      Array(4).fill('trellis/graph/v1/graph.proto'),
    );
    const extended = 'google.protobuf.MethodOptions';
    const [numbers, extension] = await ask(
      { allExtensionNumbersOfType: extended },
      { fileContainingExtension: { containingType: extended, extensionNumber: 50_100 } },
    );
    expect(numbers.allExtensionNumbersResponse.extensionNumber).toContain(50_100);
    expect(namesOf(extension)[0]).toBe('trellis/policy/v1/policy.proto');
  });

  it.each([
    { fileContainingSymbol: 'trellis.graph.v1.Nothing' },
    { fileContainingSymbol: 'trellis.graph.v1.GraphService.Nothing' },
    { fileContainingSymbol: '' },
    { fileByFilename: 'nothing.proto' },
    { allExtensionNumbersOfType: 'x.Y' },
    { fileContainingExtension: { containingType: 'x.Y', extensionNumber: 1 } },
  ])('says that %o is not known, and goes on', async (question) => {
    const [unknown, known] = await ask(question, { listServices: '' });
    expect(unknown.errorResponse).toMatchObject({ errorCode: 5 });
    expect(known.messageResponse).toBe('listServicesResponse');
  });
});
