import type { Schema } from './field-schema.ts';

const text = { type: 'string' };

/** Headers of answers. */
const headers = {
  RequestId: {
    description: 'Names the call in logs; give it to support.',
    schema: text,
    example: '0d9c2b54-1f0e-4f3a-9a35-6c2f4be0c7a1',
  },
  RateLimit: {
    description: 'What is left of the limit (`r`, in calls) and when it is full again (`t`, in seconds).',
    schema: text,
    example: '"GRAPH_QUERY";r=59;t=1',
  },
  RateLimitPolicy: {
    description: 'The limit: `q` calls in `w` seconds.',
    schema: text,
    example: '"GRAPH_QUERY";q=60;w=60',
  },
  RetryAfter: {
    description: 'Seconds until a retry may succeed.',
    schema: { type: 'integer', minimum: 0 },
    example: 2,
  },
  ETag: {
    description: 'Names the state that was answered with; for If-None-Match.',
    schema: text,
    example: 'W/"1.42"',
  },
  CacheControl: { description: 'Who may keep the answer.', schema: text, example: 'private, no-cache' },
  WwwAuthenticate: { description: 'How to identify oneself.', schema: text, example: 'Bearer' },
  AcceptPost: { description: 'The media types that are taken.', schema: text, example: 'application/json' },
} as const;

/** Headers of requests that every method takes, or every GET. */
const parameters = {
  RequestTimeout: {
    name: 'X-Request-Timeout',
    in: 'header',
    description:
      'How long the caller waits, in seconds, such as 30 or 0.5. 300 where not given, 600 at most.',
    schema: { type: 'string', pattern: '^[0-9]{1,6}(\\.[0-9]{1,3})?$' },
  },
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    description: 'A name of the caller for the call; one is made where none is given.',
    schema: text,
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'ETags of answers that the caller has. 304 without a body where one of them still holds.',
    schema: text,
  },
} as const;

const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'An access token of Register, Login or RefreshSession, or an API key.',
  },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key of CreateApiKey.' },
} as const;

const responses = {
  Error: {
    description: 'An error.',
    headers: { 'X-Request-Id': headerReference('RequestId') },
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
  },
} as const;

/** All components but the schemas. */
export const fixedComponents: Schema = { securitySchemes, headers, parameters, responses };

/** A header of an answer. */
export function headerReference(name: keyof typeof headers): Schema {
  return { $ref: `#/components/headers/${name}` };
}

/** A header of a request. */
export function parameterReference(name: keyof typeof parameters): Schema {
  return { $ref: `#/components/parameters/${name}` };
}

/** What every answer to an admitted call has. */
export const answerHeaders: Schema = {
  'X-Request-Id': headerReference('RequestId'),
  RateLimit: headerReference('RateLimit'),
  'RateLimit-Policy': headerReference('RateLimitPolicy'),
};
