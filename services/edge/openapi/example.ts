import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { getOption, ScalarType } from '@bufbuild/protobuf';
import { field as fieldOption } from '../../../gen/buf/validate/validate_pb.js';
import { RestForm } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { restForm } from '../rest/message-from-json.ts';
import { isRequired } from './field-schema.ts';

type Json = unknown;

/** Values that say more than their type does; by message and field, or by field. */
const knownValues: Readonly<Record<string, Json>> = {
  accessToken: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln',
  'ApiKey.displayName': 'laptop',
  apiKeyId: 'key_7c1x9q0d2s4m5v8b3n6h',
  atLeastRevision: '1.42',
  'Column.name': 'p.name',
  'Column.type': 'STRING',
  'CreateApiKeyRequest.displayName': 'laptop',
  'CreateGraphRequest.displayName': 'people',
  createTime: '2026-01-02T03:04:05.000006Z',
  elapsedMs: 0.42,
  email: 'ada@example.com',
  expireTime: '2027-01-02T03:04:05Z',
  expiresIn: 900,
  fromLabel: 'Person',
  'Graph.displayName': 'people',
  graphId: 'kg_4m2s0d7q9x1c5v8b3n6h',
  name: 'Ada Lovelace',
  nextPageToken: '',
  'NodeTable.name': 'Person',
  organizationId: 'org_9q0d2s4m7c1x5v8b3n6h',
  parameters: { id: 1 },
  password: 'correct horse battery staple',
  plan: 'standard',
  primaryKey: 'id',
  'Property.name': 'id',
  'Property.type': 'INT64',
  refreshToken: 'rt_8b3n6h4m2s0d7q9x1c5v',
  'RelationshipTable.name': 'Knows',
  revision: '1.42',
  rows: [['Ada Lovelace']],
  rowCount: 1,
  statement: 'MATCH (p:Person) WHERE p.id = $id RETURN p.name',
  table: 'Person',
  tier: 'standard',
  toLabel: 'Person',
  truncated: false,
  userId: 'usr_2s4m7c1x9q0d5v8b3n6h',
};

/** A request as a first call would have it: what is required, and the parameters of a statement. */
export function requestExample(desc: DescMessage, without: ReadonlySet<string>): Json {
  const fields = desc.fields.filter((field) => {
    return !without.has(field.name) && (isRequired(field) || field.fieldKind === 'map');
  });
  return Object.fromEntries(fields.map((field) => [field.jsonName, fieldExample(field)]));
}

/** An answer with a value in each field. */
export function messageExample(desc: DescMessage, above: readonly DescMessage[] = []): Json {
  const wellKnown = wellKnownExamples[desc.typeName];
  if (wellKnown !== undefined) return wellKnown;
  if (restForm(desc) === RestForm.VALUE) return 1;
  if (restForm(desc) === RestForm.ROW) return [1];
  const seen = [...above, desc];
  const fields = desc.fields.filter(({ message }) => !message || !seen.includes(message));
  return Object.fromEntries(fields.map((field) => [field.jsonName, fieldExample(field, seen)]));
}

/** The messages of a stream, each with one of its fields: a part shows only what it brings. */
export function streamExample(desc: DescMessage): Json[] {
  return desc.fields.map((field) => ({ [field.jsonName]: fieldExample(field, [desc]) }));
}

/** A value of a field: the contract's own example, where its rules give one. */
export function fieldExample(field: DescField, above: readonly DescMessage[] = []): Json {
  const { jsonName } = field;
  const known = knownValues[`${field.parent.name}.${jsonName}`] ?? knownValues[jsonName];
  const stated = statedExample(field);
  if (stated === undefined && known !== undefined) return known;
  const single = stated ?? singleExample(field, above);
  if (field.fieldKind === 'list') return [single];
  return field.fieldKind === 'map' ? {} : single;
}

function statedExample(field: DescField): Json {
  const { type } = getOption(field, fieldOption);
  const examples = type.value && 'example' in type.value ? type.value.example : undefined;
  const first = Array.isArray(examples) ? examples[0] : undefined;
  return typeof first === 'bigint' ? String(first) : first;
}

function singleExample(field: DescField, above: readonly DescMessage[]): Json {
  if (field.message) return messageExample(field.message, above);
  if (field.enum) return (field.enum.values[1] ?? field.enum.values[0])?.name;
  switch (field.scalar) {
    case ScalarType.STRING:
      return field.name.replaceAll('_', ' ');
    case ScalarType.BYTES:
      return 'AAEC';
    case ScalarType.BOOL:
      return true;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return '1000000';
    default:
      return 1;
  }
}

const wellKnownExamples: Readonly<Record<string, Json>> = {
  'google.protobuf.Timestamp': '2026-01-02T03:04:05Z',
  'google.protobuf.Duration': '1.5s',
  'google.protobuf.FieldMask': 'displayName',
  'google.protobuf.Struct': {},
  'google.protobuf.Value': null,
  'google.protobuf.ListValue': [],
};
