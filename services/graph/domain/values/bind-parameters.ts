import type { List, Value } from '../../../../gen/trellis/graph/v1/value_pb.js';
import { nameOf, type Token } from '../cypher/token.ts';
import { toTypeText } from './engine-type.ts';
import { toParameterLiteral } from './parameter-literal.ts';
import { hasTextForm, NoCommonType, typeOfValue } from './parameter-type.ts';
import { type EngineParameter, NoTextForm, toLeafText, toSampleForm, toTextForm } from './text-form.ts';

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
  /** The values to bind; undefined where all of them stand in the tokens. */
  readonly values: Readonly<Record<string, EngineParameter>> | undefined;
  /** Parameters that stand as an expression now. */
  readonly rewritten: ReadonlySet<string>;
}

/** Checks that every parameter has a value and every value a parameter. Throws ParameterInvalid. */
export function checkParameters(
  wanted: ReadonlySet<string>,
  given: Readonly<Record<string, Value>>,
): ReadonlyMap<string, Value> {
  for (const name of Object.keys(given)) {
    if (!wanted.has(name)) throw new ParameterInvalid(name, `the statement has no parameter $${name}`);
  }
  const checked = new Map<string, Value>();
  for (const name of wanted) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (!value) throw new ParameterInvalid(name, `parameter $${name} has no value`);
    checked.set(name, value);
  }
  return checked;
}

/**
 * Gives the parameters of a judged statement their values, typed: bound where the statement is preparable and the
 * binding leaves value and type as they are, else written into it. Throws ParameterInvalid.
 */
export function bindParameters(
  tokens: readonly Token[],
  parameters: ReadonlyMap<string, Value>,
  isPreparable: boolean,
): BoundStatement {
  return (isPreparable && tryBind(tokens, parameters)) || writeParameters(tokens, parameters);
}

/** Writes the values of all parameters into a judged statement. Throws ParameterInvalid. */
export function writeParameters(
  tokens: readonly Token[],
  parameters: ReadonlyMap<string, Value>,
): BoundStatement {
  const texts = new Map<string, string>();
  for (const [name, value] of parameters)
    texts.set(
      name,
      refusing(name, () => toParameterLiteral(value)),
    );
  return { tokens: substitute(tokens, texts), values: undefined, rewritten: new Set(texts.keys()) };
}

function tryBind(
  tokens: readonly Token[],
  parameters: ReadonlyMap<string, Value>,
): BoundStatement | undefined {
  const values: Record<string, EngineParameter> = {};
  const texts = new Map<string, string>();
  for (const [name, value] of parameters) {
    const native = toNative(value);
    const form = native === undefined ? refusing(name, () => toBoundForm(name, value)) : undefined;
    if (native === undefined && !form) return undefined;
    values[name] = form ? form.bound : (native ?? null);
    if (form) texts.set(name, form.text);
  }
  return { tokens: substitute(tokens, texts), values, rewritten: new Set(texts.keys()) };
}

/** The value as text leaves, and the cast that makes it of them; undefined where it has no such form. */
function toBoundForm(
  name: string,
  value: Value,
): { readonly bound: EngineParameter; readonly text: string } | undefined {
  const type = typeOfValue(value);
  if (!hasTextForm(type)) return undefined;
  try {
    // In a list: a cast around the bare parameter would change the parameter's own type.
    const isLeaf = type.kind !== 'list' && type.kind !== 'struct';
    const bound = isLeaf ? [toLeafText(value.kind, type)] : [toSampleForm(type), toTextForm(value, type)];
    return { bound, text: `cast(list_extract($${name}, ${bound.length}) AS ${toTypeText(type)})` };
  } catch (error) {
    if (error instanceof NoTextForm) return undefined;
    throw error;
  }
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

function refusing<T>(parameter: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof NoCommonType)
      throw new ParameterInvalid(parameter, `$${parameter}: ${error.message}`);
    if (!(error instanceof NoTextForm)) throw error;
    throw new ParameterInvalid(parameter, `$${parameter}: ${error.message} cannot be bound`);
  }
}

function substitute(tokens: readonly Token[], texts: ReadonlyMap<string, string>): readonly Token[] {
  if (texts.size === 0) return tokens;
  let isReplaced = false;
  return tokens.map((token, index) => {
    if (isReplaced) {
      isReplaced = false;
      return { ...token, text: '' };
    }
    const next = tokens[index + 1];
    const text = token.text === '$' && token.kind === 'symbol' && next ? texts.get(nameOf(next)) : undefined;
    if (text === undefined) return token;
    isReplaced = true;
    return { ...token, text };
  });
}
