import type { List, Value } from '../../../../gen/trellis/graph/v1/value_pb.js';
import { toAlias } from '../cypher/final-projection.ts';
import { nameOf, type Token } from '../cypher/token.ts';
import { type EngineType, toTypeText } from './engine-type.ts';
import { isCastable } from './exactness.ts';
import { anyType, hasTextForm, NoCommonType, typeOfValue } from './parameter-type.ts';
import {
  type EngineParameter,
  fromTextForm,
  NoTextForm,
  toLeafText,
  toSampleForm,
  toTextForm,
} from './text-form.ts';

/** Elements of one parameter that may be written into the statement one by one. */
const composedElementsMax = 1_000;

/** The names of parameters made here begin so; a statement's own may not. */
const ownPrefix = 'trellis_p';

/** A parameter that is missing, unknown or not to be bound. */
export class ParameterInvalid extends Error {
  override readonly name = 'ParameterInvalid';
  /** The parameter without its `$`. */
  readonly parameter: string;

  constructor(parameter: string, message: string) {
    super(message);
    this.parameter = parameter;
  }
}

/** A statement with what to bind to it. */
export interface BoundStatement {
  /** As many tokens as before, at the same places; a rewritten parameter is all in its `$`. */
  readonly tokens: readonly Token[];
  readonly values: Readonly<Record<string, EngineParameter>>;
  /** Parameters that stand as an expression now. */
  readonly rewritten: ReadonlySet<string>;
}

/**
 * Gives every parameter of a judged statement its value, typed: where the binding would change the value or its
 * type, the parameter becomes an expression over others. Throws ParameterInvalid.
 */
export function bindParameters(
  tokens: readonly Token[],
  wanted: ReadonlySet<string>,
  given: Readonly<Record<string, Value>>,
): BoundStatement {
  for (const name of Object.keys(given)) {
    if (!wanted.has(name)) throw new ParameterInvalid(name, `the statement has no parameter $${name}`);
  }
  const values: Record<string, EngineParameter> = {};
  const texts = new Map<string, string>();
  for (const name of wanted) {
    if (name.startsWith(ownPrefix))
      throw new ParameterInvalid(name, `names that begin with ${ownPrefix} are taken`);
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (!value) throw new ParameterInvalid(name, `parameter $${name} has no value`);
    const native = toNative(value);
    if (native !== undefined) {
      values[name] = native;
      continue;
    }
    texts.set(name, compose(name, value, values));
  }
  return {
    tokens: texts.size === 0 ? tokens : substitute(tokens, texts),
    values,
    rewritten: new Set(texts.keys()),
  };
}

/** The value as the binding takes it unchanged; undefined where it does not. */
function toNative({ kind }: Value): EngineParameter | undefined {
  switch (kind.case) {
    case 'nullValue':
      return null;
    case 'boolValue':
    case 'stringValue':
      return kind.value;
    case 'int64Value':
      return toSafeNumber(kind.value);
    case 'doubleValue':
      return Number.isInteger(kind.value) ? undefined : kind.value;
    case 'listValue':
      return toNativeList(kind.value);
    default:
      return undefined;
  }
}

/** The binding takes the type of a list from its first element, so all must be of one kind, and none NULL. */
function toNativeList({ values }: List): EngineParameter[] | undefined {
  const kind = values[0]?.kind.case;
  if (kind !== 'boolValue' && kind !== 'stringValue' && kind !== 'int64Value') return undefined;
  const elements: EngineParameter[] = [];
  for (const value of values) {
    const element = value.kind.case === kind ? toNative(value) : undefined;
    if (element === undefined) return undefined;
    elements.push(element);
  }
  return elements;
}

function toSafeNumber(value: bigint): number | undefined {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

function compose(parameter: string, value: Value, values: Record<string, EngineParameter>): string {
  let elements = 0;
  const bind = (bound: EngineParameter): string => {
    elements += 1;
    if (elements > composedElementsMax) {
      const message = `$${parameter} mixes more than ${composedElementsMax} values that cannot be bound together`;
      throw new ParameterInvalid(parameter, message);
    }
    const name = `${ownPrefix}${Object.keys(values).length}`;
    values[name] = bound;
    return `$${name}`;
  };
  try {
    return write(value, typeOfValue(value), bind);
  } catch (error) {
    if (error instanceof NoCommonType)
      throw new ParameterInvalid(parameter, `$${parameter}: ${error.message}`);
    if (!(error instanceof NoTextForm)) throw error;
    throw new ParameterInvalid(parameter, `$${parameter}: ${error.message} cannot be bound`);
  }
}

type Bind = (value: EngineParameter) => string;

/** Writes a value as an expression over parameters that the binding leaves as they are. */
function write(value: Value, type: EngineType, bind: Bind): string {
  const { kind } = value;
  if (kind.case === 'nullValue') return 'NULL';
  if (kind.case === 'intervalValue') {
    const { months, days, micros } = kind.value;
    if (micros === -(2n ** 63n)) throw new NoTextForm('an interval of -2^63 microseconds');
    const exactMicros = `cast(list_extract(${bind([String(micros)])}, 1) AS INT64)`;
    return `(to_months(${bind(months)}) + to_days(${bind(days)}) + to_microseconds(${exactMicros}))`;
  }
  if (hasTextForm(type)) {
    try {
      // Read from a list: a cast around the bare parameter would change the parameter's own type.
      if (kind.case !== 'listValue' && kind.case !== 'structValue') {
        return fromTextForm(type, `list_extract(${bind([toLeafText(kind, type)])}, 1)`);
      }
      const bound = bind([toSampleForm(type), toTextForm(value, type)]);
      return fromTextForm(type, `list_extract(${bound}, 2)`);
    } catch (error) {
      if (!(error instanceof NoTextForm) || !isDivisible(kind)) throw error;
    }
  }
  return writeParts(value, type, bind);
}

function writeParts({ kind }: Value, type: EngineType, bind: Bind): string {
  if (kind.case === 'listValue' && type.kind === 'list') {
    const written = `[${kind.value.values.map((value) => write(value, type.element, bind)).join(', ')}]`;
    const typeText =
      type.element === anyType || holdsAny(type) || !isCastable(type) ? undefined : toTypeText(type);
    return typeText ? `cast(${written} AS ${typeText})` : written;
  }
  if (kind.case === 'structValue' && type.kind === 'struct' && type.fields.length > 0) {
    const fields = type.fields.map((field, index) => {
      const [name, value] = [toAlias(field.name), kind.value.fields[index]?.value];
      if (!name || !value) throw new NoTextForm('a struct with this field name');
      return `${name}: ${write(value, field.type, bind)}`;
    });
    return `{${fields.join(', ')}}`;
  }
  if (kind.case === 'mapValue' && type.kind === 'map') {
    const keys = kind.value.entries.flatMap(({ key }) => (key ? [key] : []));
    const values = kind.value.entries.flatMap(({ value }) => (value ? [value] : []));
    return `map(${writeList(keys, type.key, bind)}, ${writeList(values, type.value, bind)})`;
  }
  if (kind.case === 'dateValue') return `(date('1970-01-01') + ${bind(kind.value)})`;
  throw new NoTextForm(
    kind.case === 'structValue' ? 'a struct without fields' : `a value of kind ${kind.case}`,
  );
}

function writeList(values: Value[], element: EngineType, bind: Bind): string {
  const list = { $typeName: 'trellis.graph.v1.List', values } as const;
  const value: Value = { $typeName: 'trellis.graph.v1.Value', kind: { case: 'listValue', value: list } };
  return write(value, { kind: 'list', element }, bind);
}

function isDivisible(kind: Value['kind']): boolean {
  return kind.case === 'listValue' || kind.case === 'structValue' || kind.case === 'dateValue';
}

function holdsAny(type: EngineType): boolean {
  if (type.kind === 'list') return holdsAny(type.element);
  if (type.kind === 'struct') return type.fields.some((field) => holdsAny(field.type));
  if (type.kind === 'map') return holdsAny(type.key) || holdsAny(type.value);
  return type === anyType;
}

function substitute(tokens: readonly Token[], texts: ReadonlyMap<string, string>): Token[] {
  let replaced = false;
  return tokens.map((token, index) => {
    if (replaced) {
      replaced = false;
      return { ...token, text: '' };
    }
    const next = tokens[index + 1];
    const text = token.text === '$' && token.kind === 'symbol' && next ? texts.get(nameOf(next)) : undefined;
    if (text === undefined) return token;
    replaced = true;
    return { ...token, text };
  });
}
