import { type DescField, getOption, isFieldSet, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import {
  type FieldRules,
  FieldRulesSchema,
  field as fieldOption,
  Ignore,
  MapRulesSchema,
  RepeatedRulesSchema,
  type StringRules,
  StringRulesSchema,
} from '../../../gen/buf/validate/validate_pb.js';

/** A JSON Schema object, as OpenAPI 3.1 uses it. */
export type Schema = Readonly<Record<string, unknown>>;

const int64: Schema = { type: 'string', format: 'int64', pattern: '^-?[0-9]+$' };
const uint64: Schema = { type: 'string', format: 'uint64', pattern: '^[0-9]+$' };
const int32: Schema = { type: 'integer', format: 'int32' };
const uint32: Schema = { type: 'integer', format: 'int64', minimum: 0, maximum: 4_294_967_295 };
const floating: Schema = {
  anyOf: [
    { type: 'number', format: 'double' },
    { type: 'string', enum: ['NaN', 'Infinity', '-Infinity'] },
  ],
};

const scalarSchemas: Readonly<Record<ScalarType, Schema>> = {
  [ScalarType.STRING]: { type: 'string' },
  [ScalarType.BOOL]: { type: 'boolean' },
  [ScalarType.BYTES]: { type: 'string', contentEncoding: 'base64' },
  [ScalarType.DOUBLE]: floating,
  [ScalarType.FLOAT]: floating,
  [ScalarType.INT64]: int64,
  [ScalarType.SINT64]: int64,
  [ScalarType.SFIXED64]: int64,
  [ScalarType.UINT64]: uint64,
  [ScalarType.FIXED64]: uint64,
  [ScalarType.INT32]: int32,
  [ScalarType.SINT32]: int32,
  [ScalarType.SFIXED32]: int32,
  [ScalarType.UINT32]: uint32,
  [ScalarType.FIXED32]: uint32,
};

const wellKnownSchemas: Readonly<Record<string, Schema>> = {
  'google.protobuf.Timestamp': { type: 'string', format: 'date-time' },
  'google.protobuf.Duration': { type: 'string', pattern: '^-?[0-9]+(\\.[0-9]{1,9})?s$' },
  'google.protobuf.FieldMask': { type: 'string' },
  'google.protobuf.Any': { type: 'object', properties: { '@type': { type: 'string' } }, required: ['@type'] },
  'google.protobuf.Struct': { type: 'object' },
  'google.protobuf.Value': {},
  'google.protobuf.ListValue': { type: 'array' },
  'google.protobuf.DoubleValue': floating,
  'google.protobuf.FloatValue': floating,
  'google.protobuf.Int64Value': int64,
  'google.protobuf.UInt64Value': uint64,
  'google.protobuf.Int32Value': int32,
  'google.protobuf.UInt32Value': uint32,
  'google.protobuf.BoolValue': { type: 'boolean' },
  'google.protobuf.StringValue': { type: 'string' },
  'google.protobuf.BytesValue': { type: 'string', contentEncoding: 'base64' },
};

/** The schema of a scalar in canonical protobuf JSON. */
export function scalarSchema(type: ScalarType): Schema {
  return scalarSchemas[type];
}

/** The schema of a well-known type with a JSON form of its own; undefined for other types. */
export function wellKnownSchema(typeName: string): Schema | undefined {
  return wellKnownSchemas[typeName];
}

/** The rules of buf.validate that JSON Schema can say. The others hold all the same. */
export function ruleSchema(field: DescField): Schema {
  return fromRules(getOption(field, fieldOption));
}

/** True where a request without the field is refused, as one whose field is empty. */
export function isRequired(field: DescField): boolean {
  const rules = getOption(field, fieldOption);
  if (rules.required) return true;
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT || rules.ignore !== Ignore.UNSPECIFIED)
    return false;
  return field.fieldKind === 'scalar' && rules.type.case === 'string' && !allowsEmpty(rules.type.value);
}

function allowsEmpty(rules: StringRules): boolean {
  const is = StringRulesSchema.field;
  if (isFieldSet(rules, is.minLen) && rules.minLen > 0n) return false;
  if (rules.wellKnown.case === 'email' && rules.wellKnown.value) return false;
  if (isFieldSet(rules, is.pattern) && !new RegExp(rules.pattern, 'u').test('')) return false;
  return rules.in.length === 0 || rules.in.includes('');
}

function fromRules(rules: FieldRules): Schema {
  if (!isFieldSet(rules, FieldRulesSchema.field.required) && rules.type.case === undefined) return {};
  const { type } = rules;
  switch (type.case) {
    case 'string':
      return fromStringRules(type.value);
    case 'int32':
    case 'uint32': {
      const { greaterThan, lessThan } = type.value;
      const minimum = { gte: 'minimum', gt: 'exclusiveMinimum' } as const;
      const maximum = { lte: 'maximum', lt: 'exclusiveMaximum' } as const;
      return {
        ...(greaterThan.case ? { [minimum[greaterThan.case]]: greaterThan.value } : {}),
        ...(lessThan.case ? { [maximum[lessThan.case]]: lessThan.value } : {}),
      };
    }
    case 'repeated': {
      const is = RepeatedRulesSchema.field;
      const items = type.value.items ? fromRules(type.value.items) : {};
      return {
        ...(isFieldSet(type.value, is.minItems) ? { minItems: Number(type.value.minItems) } : {}),
        ...(isFieldSet(type.value, is.maxItems) ? { maxItems: Number(type.value.maxItems) } : {}),
        ...(type.value.unique ? { uniqueItems: true } : {}),
        ...(Object.keys(items).length > 0 ? { items } : {}),
      };
    }
    case 'map':
      return isFieldSet(type.value, MapRulesSchema.field.maxPairs)
        ? { maxProperties: Number(type.value.maxPairs) }
        : {};
    default:
      return {};
  }
}

function fromStringRules(rules: StringRules): Schema {
  const is = StringRulesSchema.field;
  return {
    ...(isFieldSet(rules, is.minLen) ? { minLength: Number(rules.minLen) } : {}),
    ...(isFieldSet(rules, is.maxLen) ? { maxLength: Number(rules.maxLen) } : {}),
    ...(isFieldSet(rules, is.pattern) ? { pattern: rules.pattern } : {}),
    ...(rules.in.length > 0 ? { enum: rules.in } : {}),
    ...(rules.wellKnown.case === 'email' && rules.wellKnown.value ? { format: 'email' } : {}),
  };
}
