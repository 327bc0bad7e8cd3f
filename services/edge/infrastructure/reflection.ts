import {
  create,
  createRegistry,
  type DescFile,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type Registry,
  toBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { file_google_rpc_error_details } from '../../../gen/google/rpc/error_details_pb.js';
import {
  ServerReflection,
  type ServerReflectionRequest,
  ServerReflectionRequestSchema,
  type ServerReflectionResponse,
  ServerReflectionResponseSchema,
} from '../../../gen/grpc/reflection/v1/reflection_pb.js';
import {
  ServerReflectionRequestSchema as AlphaRequestSchema,
  ServerReflectionResponseSchema as AlphaResponseSchema,
  ServerReflection as ServerReflectionAlpha,
} from '../../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { type BoundService, bindService } from '../../mesh/rpc/service.ts';

/** grpc.reflection.v1 and v1alpha, which differ in name only, for these services. */
export function reflectionServices(services: readonly DescService[]): readonly BoundService[] {
  const index = new ReflectionIndex(services);
  return [
    bindService(ServerReflection, {
      serverReflectionInfo: async function* (requests) {
        for await (const request of requests) yield index.answer(request);
      },
    }),
    bindService(ServerReflectionAlpha, {
      serverReflectionInfo: async function* (requests) {
        for await (const request of requests) {
          const bytes = toBinary(AlphaRequestSchema, request);
          const response = index.answer(fromBinary(ServerReflectionRequestSchema, bytes));
          yield fromBinary(AlphaResponseSchema, toBinary(ServerReflectionResponseSchema, response));
        }
      },
    }),
  ];
}

type Answer = NonNullable<MessageInitShape<typeof ServerReflectionResponseSchema>['messageResponse']>;

class ReflectionIndex {
  readonly #services: readonly DescService[];
  readonly #registry: Registry;
  readonly #files: ReadonlyMap<string, DescFile>;

  constructor(services: readonly DescService[]) {
    const files = withDependencies([
      ...services.map((service) => service.file),
      file_google_rpc_error_details,
    ]);
    this.#services = services;
    this.#registry = createRegistry(...files);
    this.#files = new Map(files.map((file) => [file.proto.name, file]));
  }

  answer(request: ServerReflectionRequest): ServerReflectionResponse {
    const messageResponse = this.#answer(request.messageRequest);
    const { host } = request;
    return create(ServerReflectionResponseSchema, {
      validHost: host,
      originalRequest: request,
      messageResponse,
    });
  }

  #answer(question: ServerReflectionRequest['messageRequest']): Answer {
    switch (question.case) {
      case 'listServices':
        return this.#listServices();
      case 'fileByFilename':
        return toFiles(this.#files.get(question.value), question.value);
      case 'fileContainingSymbol':
        return toFiles(this.#fileOfSymbol(question.value), question.value);
      case 'fileContainingExtension': {
        const { containingType, extensionNumber } = question.value;
        const found = this.#extensions(containingType).find(({ number }) => number === extensionNumber);
        return toFiles(found?.file, `${containingType} ${extensionNumber}`);
      }
      case 'allExtensionNumbersOfType': {
        if (!this.#registry.getMessage(question.value)) return toFiles(undefined, question.value);
        const extensionNumber = this.#extensions(question.value).map(({ number }) => number);
        const value = { baseTypeName: question.value, extensionNumber };
        return { case: 'allExtensionNumbersResponse', value };
      }
      default:
        return toError(Code.INVALID_ARGUMENT, 'the request asks nothing');
    }
  }

  #listServices(): Answer {
    const service = this.#services.map(({ typeName }) => ({ name: typeName }));
    return { case: 'listServicesResponse', value: { service } };
  }

  /** Methods and fields are found by the name of what holds them. */
  #fileOfSymbol(symbol: string): DescFile | undefined {
    const named = this.#registry.get(symbol);
    if (named) return named.file;
    const dot = symbol.lastIndexOf('.');
    const owner = this.#registry.get(symbol.slice(0, Math.max(0, dot)));
    return owner && membersOf(owner).some(({ name }) => name === symbol.slice(dot + 1))
      ? owner.file
      : undefined;
  }

  #extensions(typeName: string) {
    return [...this.#registry]
      .filter((desc) => desc.kind === 'extension')
      .filter((desc) => desc.extendee.typeName === typeName);
  }
}

function membersOf(desc: NonNullable<ReturnType<Registry['get']>>): readonly { readonly name: string }[] {
  if (desc.kind === 'service') return desc.methods;
  return desc.kind === 'message' ? [...desc.fields, ...desc.oneofs] : [];
}

function withDependencies(files: readonly DescFile[]): DescFile[] {
  const found = new Set<DescFile>();
  const visit = (file: DescFile) => {
    if (found.has(file)) return;
    for (const dependency of file.dependencies) visit(dependency);
    found.add(file);
  };
  files.forEach(visit);
  return [...found];
}

function toFiles(file: DescFile | undefined, name: string): Answer {
  if (!file) return toError(Code.NOT_FOUND, `${name} is not known`);
  const fileDescriptorProto = withDependencies([file])
    .toReversed()
    .map((each) => toBinary(FileDescriptorProtoSchema, each.proto));
  return { case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
}

function toError(errorCode: Code, errorMessage: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage } };
}
