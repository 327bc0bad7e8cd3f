import { type DescMethod, getOption } from '@bufbuild/protobuf';
import { CodeSchema } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason, ErrorReasonSchema } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import {
  Access,
  LimitCategory,
  method as methodOption,
  Permission,
} from '../../../gen/trellis/policy/v1/policy_pb.js';
import { reasonName, rpcError } from '../../mesh/rpc/error.ts';
import { type RestBinding, responseKind } from '../rest/binding.ts';
import { errorJson, httpStatus } from '../rest/error.ts';
import type { Comments } from './comments.ts';
import { answerHeaders, headerReference } from './components.ts';
import type { Schema } from './field-schema.ts';

const reasons = ErrorReasonSchema.values
  .map(({ number }) => number as ErrorReason)
  .filter((number) => number !== 0);
const reasonByName = new Map(reasons.map((reason) => [reasonName(reason), reason]));

/** The schema of an error's body, and of its reason. */
export function errorSchemas(comments: Comments): Record<string, Schema> {
  const lines = ErrorReasonSchema.values.slice(1).map(({ number, name }) => {
    const comment = comments.get(`${ErrorReasonSchema.typeName}.${name}`);
    return `- ${reasonName(number)} (${statusOf(number)})${comment === undefined ? '' : `: ${comment.replaceAll('\n', ' ')}`}`;
  });
  const error: Schema = {
    type: 'object',
    properties: {
      code: { type: 'integer', description: 'The HTTP status.' },
      status: { type: 'string', enum: CodeSchema.values.slice(1).map(({ name }) => name) },
      reason: { $ref: '#/components/schemas/ErrorReason' },
      message: { type: 'string', description: 'For people; not stable.' },
      details: {
        type: 'array',
        description:
          'google.rpc error details as JSON: ErrorInfo, RequestInfo, BadRequest, QuotaFailure, RetryInfo.',
        items: { type: 'object', properties: { '@type': { type: 'string' } }, required: ['@type'] },
      },
      requestId: { type: 'string' },
    },
    required: ['code', 'status', 'reason', 'message', 'details', 'requestId'],
  };
  return {
    Error: { type: 'object', properties: { error }, required: ['error'] },
    ErrorReason: { type: 'string', enum: [...reasonByName.keys()], description: lines.join('\n') },
  };
}

/** The error responses of an operation by status, each with the reasons that lead to it. */
export function errorResponses(binding: RestBinding, comments: Comments): Record<string, Schema> {
  const byStatus = new Map<number, ErrorReason[]>();
  for (const reason of reasonsOf(binding, comments)) {
    const status = statusOf(reason);
    byStatus.set(status, [...(byStatus.get(status) ?? []), reason]);
  }
  const { kind } = binding.body;
  if (kind === 'message' || kind === 'field') byStatus.set(415, [ErrorReason.MALFORMED_BODY]);
  const answer = responseKind(binding);
  if (answer === 'json' || answer === 'stream') byStatus.set(406, [ErrorReason.INVALID_REQUEST]);
  const responses = [...byStatus].map(([status, reasons]) => {
    return [String(status), response(status, reasons, comments)] as const;
  });
  return { ...Object.fromEntries(responses), default: { $ref: '#/components/responses/Error' } };
}

const headersByStatus: Readonly<Record<number, Schema>> = {
  401: { 'WWW-Authenticate': headerReference('WwwAuthenticate') },
  415: { 'Accept-Post': headerReference('AcceptPost') },
  429: { ...answerHeaders, 'Retry-After': headerReference('RetryAfter') },
  503: { 'Retry-After': headerReference('RetryAfter') },
};

function response(status: number, reasons: readonly ErrorReason[], comments: Comments): Schema {
  const examples = reasons.map((reason) => {
    return [reasonName(reason), { value: errorExample(reason, status, comments) }] as const;
  });
  return {
    description: reasons.map(reasonName).join(', '),
    headers: { 'X-Request-Id': headerReference('RequestId'), ...headersByStatus[status] },
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/Error' },
        examples: Object.fromEntries(examples),
      },
    },
  };
}

function errorExample(reason: ErrorReason, status: number, comments: Comments): unknown {
  const comment = comments.get(`${ErrorReasonSchema.typeName}.${ErrorReasonSchema.value[reason]?.name}`);
  const message = comment?.split(/[.\n]/, 1)[0] ?? reasonName(reason);
  return JSON.parse(errorJson(rpcError(reason, message), '0d9c2b54-1f0e-4f3a-9a35-6c2f4be0c7a1', status));
}

function reasonsOf(binding: RestBinding, comments: Comments): Set<ErrorReason> {
  const policy = getOption(binding.method, methodOption);
  const found = new Set([ErrorReason.INVALID_REQUEST]);
  if (binding.body.kind !== 'none') found.add(ErrorReason.MALFORMED_BODY).add(ErrorReason.MESSAGE_TOO_LARGE);
  if (policy.access === Access.AUTHENTICATED) {
    found
      .add(ErrorReason.CREDENTIAL_MISSING)
      .add(ErrorReason.CREDENTIAL_INVALID)
      .add(ErrorReason.CREDENTIAL_EXPIRED);
  }
  if (policy.permission !== Permission.UNSPECIFIED) found.add(ErrorReason.PERMISSION_DENIED);
  if (policy.limit !== LimitCategory.UNSPECIFIED) found.add(ErrorReason.RATE_LIMITED);
  for (const reason of commentedReasons(binding.method, comments)) found.add(reason);
  return found.add(ErrorReason.INTERNAL).add(ErrorReason.UNAVAILABLE).add(ErrorReason.DEADLINE_EXCEEDED);
}

// "Errors: as Query, except STATEMENT_WRITES; OUTCOME_UNKNOWN when …": all reasons named, those of a sibling too.
function commentedReasons(method: DescMethod, comments: Comments): Set<ErrorReason> {
  const comment = comments.get(`${method.parent.typeName}.${method.name}`) ?? '';
  const text = /(?:^|\n)Errors: ([\s\S]*)$/.exec(comment)?.[1] ?? '';
  const [, siblingName, exceptText = ''] = /\bas (\w+)(?:, except ([A-Z_, ]+))?/.exec(text) ?? [];
  const sibling = method.parent.methods.find(({ name }) => name === siblingName && name !== method.name);
  const excepted = namedReasons(exceptText);
  const found = new Set(sibling ? commentedReasons(sibling, comments) : []);
  for (const reason of namedReasons(text)) found.add(reason);
  for (const reason of excepted) found.delete(reason);
  return found;
}

function namedReasons(text: string): ErrorReason[] {
  return (text.match(/[A-Z][A-Z_]+[A-Z]/g) ?? []).flatMap((name) => reasonByName.get(name) ?? []);
}

function statusOf(reason: ErrorReason): number {
  return httpStatus(rpcError(reason, ''));
}
