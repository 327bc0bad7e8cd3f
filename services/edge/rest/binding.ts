import { type DescField, type DescMessage, type DescMethod, getOption } from '@bufbuild/protobuf';
import { http } from '../../../gen/google/api/annotations_pb.js';
import type { HttpRule } from '../../../gen/google/api/http_pb.js';
import { HttpBodySchema } from '../../../gen/google/api/httpbody_pb.js';
import { Access, method as methodOption } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { givesStream, takesStream } from '../../mesh/rpc/service.ts';
import { findField, findFieldPath } from './fields.ts';
import { isTextField } from './scalar-text.ts';
import { type PathTemplate, parseTemplate } from './template.ts';

/** What the HTTP body of a request holds. */
type BodyBinding =
  | { readonly kind: 'none' }
  /** JSON of the request message, without the fields in the path. */
  | { readonly kind: 'message' }
  /** JSON of one field. */
  | { readonly kind: 'field'; readonly field: DescField }
  /** Bytes, as google.api.HttpBody in that field, or as the request message itself. */
  | { readonly kind: 'raw'; readonly field: DescField | undefined };

/** One way to call a method over REST: a rule of its google.api.http option. */
export interface RestBinding {
  readonly method: DescMethod;
  /** Upper case; `*` stands for any. */
  readonly httpMethod: string;
  readonly template: PathTemplate;
  readonly body: BodyBinding;
  /** The field that is the response's body; undefined for the whole message. */
  readonly responseField: DescField | undefined;
  /** True where anyone may call it, without a credential. */
  readonly isPublic: boolean;
}

/** True where clients may know of the method: anyone or anyone with a credential may call it. */
export function isReachable(method: DescMethod): boolean {
  const { access } = getOption(method, methodOption);
  return access === Access.PUBLIC || access === Access.AUTHENTICATED;
}

/** The bindings of a method, `additional_bindings` included. Throws where a rule does not fit its messages. */
export function toBindings(method: DescMethod): RestBinding[] {
  const rule = getOption(method, http);
  if (rule.pattern.case === undefined) return [];
  return [rule, ...rule.additionalBindings].map((each) => toBinding(method, each));
}

function toBinding(method: DescMethod, rule: HttpRule): RestBinding {
  const fail = (why: string): never => {
    throw new Error(`google.api.http of ${method.parent.typeName}.${method.name}: ${why}`);
  };
  const { pattern } = rule;
  if (pattern.case === undefined) return fail('a binding has no pattern');
  const isCustom = pattern.case === 'custom';
  const template = parseTemplate(isCustom ? pattern.value.path : pattern.value);
  for (const { fieldPath } of template.variables) {
    const field = findFieldPath(method.input, fieldPath)?.at(-1);
    if (!field) return fail(`${method.input.typeName} has no field ${fieldPath.join('.')}`);
    if (field.fieldKind === 'list' || !isTextField(field)) {
      return fail(`${fieldPath.join('.')} cannot be in a path`);
    }
  }
  const body = toBody(method.input, rule.body) ?? fail(`no field ${rule.body} for the body`);
  if (takesStream(method) && body.kind !== 'raw') return fail('a client stream needs a google.api.HttpBody');
  const responseField = findField(method.output, rule.responseBody);
  if (rule.responseBody && !responseField) return fail(`no field ${rule.responseBody} for the response body`);
  const httpMethod = (isCustom ? pattern.value.kind : pattern.case).toUpperCase();
  const isPublic = getOption(method, methodOption).access === Access.PUBLIC;
  return { method, httpMethod, template, body, responseField, isPublic };
}

function toBody(input: DescMessage, body: string): BodyBinding | undefined {
  if (body === '') return { kind: 'none' };
  if (body === '*') return isHttpBody(input) ? { kind: 'raw', field: undefined } : { kind: 'message' };
  const field = findField(input, body);
  if (!field) return undefined;
  const isRaw = field.fieldKind === 'message' && isHttpBody(field.message);
  return { kind: isRaw ? 'raw' : 'field', field };
}

/** True for google.api.HttpBody: bytes with a content type. */
function isHttpBody(desc: DescMessage | undefined): boolean {
  return desc?.typeName === HttpBodySchema.typeName;
}

/** How the answer of a binding is written. */
export function responseKind(binding: RestBinding): 'json' | 'raw' | 'stream' | 'raw-stream' {
  const { method, responseField } = binding;
  const isRaw = isHttpBody(
    responseField
      ? responseField.fieldKind === 'message'
        ? responseField.message
        : undefined
      : method.output,
  );
  if (givesStream(method)) return isRaw ? 'raw-stream' : 'stream';
  return isRaw ? 'raw' : 'json';
}
