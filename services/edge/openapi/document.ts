import type { DescService } from '@bufbuild/protobuf';
import { isReachable, type RestBinding, toBindings } from '../rest/binding.ts';
import type { Comments } from './comments.ts';
import { fixedComponents } from './components.ts';
import { errorSchemas } from './error-response.ts';
import type { Schema } from './field-schema.ts';
import { MessageSchemas } from './message-schema.ts';
import { openApiPath, tagOf, toOperation } from './operation.ts';

export interface OpenApiOptions {
  /** The services whose reachable methods with a google.api.http option are described. */
  readonly services: readonly DescService[];
  readonly title: string;
  readonly version: string;
  /** What the contract's comments say; without them names have to do. */
  readonly comments?: Comments;
  /** Where the API is. `/`, the place of the document, where not given. */
  readonly serverUrl?: string;
}

const httpMethods = new Set(['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE']);

const description = `
Every method is also there over gRPC, gRPC-Web and Connect, on the same port.

**Credentials**: \`Authorization: Bearer\` with an access token or an API key, or \`X-API-Key\` with an API key.

**Errors** have the form of the schema Error. \`reason\` is for programs and stable, \`message\` for people.

**Numbers**: 64-bit integers of messages are strings of digits; values of graphs are exact, see GraphValue.

**Limits**: answers say with \`RateLimit\` and \`RateLimit-Policy\` what is left; 429 has \`Retry-After\`.

**Streams** are lines of JSON, or server-sent events where \`Accept\` wants those more.

**Compression**: bodies may be gzip, deflate, br or zstd; answers are zstd, br or gzip, as \`Accept-Encoding\` wants.

**Conditional reads**: answers to GET have an \`ETag\`; with it in \`If-None-Match\` what did not change is 304.
`.trim();

/** The OpenAPI 3.1 document of the REST API, all of it from descriptors. */
export function createOpenApiDocument(options: OpenApiOptions): object {
  const { services, title, version, serverUrl = '/' } = options;
  const comments = options.comments ?? new Map<string, string>();
  const schemas = new MessageSchemas(comments);
  Object.assign(schemas.components, errorSchemas(comments));
  const paths: Record<string, Record<string, Schema>> = {};
  const described = services.filter((service) => service.methods.some(isDescribed));
  for (const method of described.flatMap((service) => service.methods).filter(isDescribed)) {
    for (const [index, binding] of toBindings(method).entries()) {
      if (!httpMethods.has(binding.httpMethod)) continue;
      const operation = toOperation(binding, index, schemas, comments);
      addOperation(paths, binding, operation);
    }
  }
  return {
    openapi: '3.1.0',
    info: { title, version, description },
    servers: [{ url: serverUrl }],
    security: [{ bearer: [] }, { apiKey: [] }],
    tags: described.map(({ name, typeName }) => {
      const description = comments.get(typeName);
      return { name: tagOf(name), ...(description === undefined ? {} : { description }) };
    }),
    paths,
    components: {
      ...fixedComponents,
      schemas: Object.fromEntries(Object.entries(schemas.components).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function isDescribed(method: DescService['methods'][number]): boolean {
  return isReachable(method) && toBindings(method).length > 0;
}

function addOperation(
  paths: Record<string, Record<string, Schema>>,
  { method, httpMethod, template }: RestBinding,
  operation: Schema,
): void {
  const path = openApiPath(method.input, template);
  const item = paths[path] ?? {};
  paths[path] = item;
  const key = httpMethod.toLowerCase();
  if (item[key]) throw new Error(`two operations at ${httpMethod} ${path}`);
  item[key] = operation;
}
