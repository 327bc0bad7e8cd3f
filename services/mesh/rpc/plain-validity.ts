import {
  type DescField,
  type DescMessage,
  getOption,
  hasOption,
  isFieldSet,
  type Message,
} from '@bufbuild/protobuf';
import {
  type FieldRules,
  FieldRulesSchema,
  field as fieldRules,
  MapRulesSchema,
  message as messageRules,
  oneof as oneofRules,
  StringRulesSchema,
} from '../../../gen/buf/validate/validate_pb.js';

/** True where a message surely keeps the rules of its contract; false: it may, or not. */
export type PlainCheck = (message: Message) => boolean;

/**
 * A check for messages whose rules are all plain: bounds of the length of strings and of the size of maps. Undefined
 * where there are others. It costs nothing to make, while the full validation compiles 200 rules before its first use.
 */
export function plainCheckOf(schema: DescMessage): PlainCheck | undefined {
  return compile(schema, []);
}

type FieldCheck = (value: unknown) => boolean;

const isFine: FieldCheck = () => true;

function compile(schema: DescMessage, within: readonly DescMessage[]): PlainCheck | undefined {
  if (within.includes(schema) || hasOwnRules(schema)) return undefined;
  const checks: (readonly [name: string, check: FieldCheck])[] = [];
  for (const field of schema.fields) {
    const check = checkOf(field, [...within, schema]);
    if (!check || (check !== isFine && field.oneof)) return undefined;
    if (check !== isFine) checks.push([field.localName, check]);
  }
  return (message) => {
    const values = message as unknown as Readonly<Record<string, unknown>>;
    for (const [name, check] of checks) if (!check(values[name])) return false;
    return true;
  };
}

function checkOf(field: DescField, within: readonly DescMessage[]): FieldCheck | undefined {
  if (hasOption(field, fieldRules)) return ruleCheck(field, getOption(field, fieldRules));
  const { message } = field;
  if (!message || !reachesRules(message, new Set())) return isFine;
  if (field.fieldKind !== 'message') return undefined;
  const check = compile(message, within);
  return check && ((value) => value === undefined || check(value as Message));
}

function ruleCheck(field: DescField, rules: FieldRules): FieldCheck | undefined {
  if (!hasOnly(FieldRulesSchema, rules, ['string', 'map'])) return undefined;
  const { type } = rules;
  if (type.case === 'string' && field.fieldKind === 'scalar') {
    if (!hasOnly(StringRulesSchema, type.value, ['min_len', 'max_len'])) return undefined;
    return lengthCheck(
      Number(type.value.minLen),
      isFieldSet(type.value, StringRulesSchema.field.maxLen)
        ? Number(type.value.maxLen)
        : Number.POSITIVE_INFINITY,
    );
  }
  if (type.case === 'map' && field.fieldKind === 'map') {
    const hasFreeValues = !field.message || !reachesRules(field.message, new Set());
    if (!hasFreeValues || !hasOnly(MapRulesSchema, type.value, ['max_pairs'])) return undefined;
    const pairsMax = Number(type.value.maxPairs);
    return (value) => typeof value === 'object' && value !== null && Object.keys(value).length <= pairsMax;
  }
  return undefined;
}

/** Lengths are counted in code points, of which there are between half as many and as many as units in JavaScript. */
function lengthCheck(min: number, max: number): FieldCheck {
  return (value) => typeof value === 'string' && value.length / 2 > min - 1 && value.length <= max;
}

function hasOnly<T extends FieldRules | Message>(
  schema: DescMessage,
  rules: T,
  names: readonly string[],
): boolean {
  if (rules.$unknown?.length) return false;
  return schema.fields.every((field) => names.includes(field.name) || !isFieldSet(rules, field));
}

function hasOwnRules(schema: DescMessage): boolean {
  return hasOption(schema, messageRules) || schema.oneofs.some((oneof) => hasOption(oneof, oneofRules));
}

/** True where any message within one of this type can have a rule. */
function reachesRules(schema: DescMessage, seen: Set<DescMessage>): boolean {
  if (seen.has(schema)) return false;
  seen.add(schema);
  if (hasOwnRules(schema)) return true;
  return schema.fields.some(
    (field) => hasOption(field, fieldRules) || (field.message && reachesRules(field.message, seen)),
  );
}
