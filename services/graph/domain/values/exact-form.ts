import type { Field, MapEntry } from '../../../../gen/trellis/graph/v1/value_pb.js';
import { type LabelsByPlace, placeWithin } from './collect-labels.ts';
import { type EngineType, type TypeField, toTypeText } from './engine-type.ts';
import { toExactGraphForm, toExactGraphListForm } from './exact-graph-form.ts';
import { holdsGraph, isCastable, mayLose, toTextLeaves } from './exactness.ts';
import type { GraphTables } from './graph-tables.ts';
import { decodeLeaf, decodeLeafText } from './leaf-decoder.ts';
import { createPlainDecoder, type Decoder } from './plain-decoder.ts';
import { toStringLiteral } from './string-literal.ts';
import { InexactValue, listValue, nullValue, toField, toValue } from './value.ts';

/** An expression whose value survives the binding, and how to read it. */
export interface ExactForm {
  readonly expression: string;
  readonly decode: Decoder;
}

/** What exact forms are made for. */
export interface ExactScope {
  readonly tables: GraphTables;
  readonly labels: LabelsByPlace;
  /** The place of the expression in the result. */
  readonly place: string;
  /** Lambdas around the expression. */
  readonly depth: number;
}

type RawObject = Readonly<Record<string, unknown>>;

/**
 * Makes the exact form of an expression of a type: text in place of what the binding would round, lists of keys
 * and values in place of maps, and the properties of nodes beside them. Throws InexactValue where there is none.
 */
export function toExactForm(type: EngineType, expression: string, scope: ExactScope): ExactForm {
  if (!mayLose(type) && !holdsGraph(type)) {
    return { expression, decode: createPlainDecoder(type, scope.tables) };
  }
  const written = isCastable(type) ? toTypeText(toTextLeaves(type)) : undefined;
  if (written) return { expression: `cast(${expression} AS ${written})`, decode: createTextDecoder(type) };
  switch (type.kind) {
    case 'list':
      return listForm(type.element, expression, scope);
    case 'array':
      requireNoLambda('ARRAY', scope);
      return arrayForm(type, expression, scope);
    case 'struct':
      requireNoLambda('STRUCT', scope);
      return structForm(type.fields, expression, scope);
    case 'union':
      requireNoLambda('UNION', scope);
      return unionForm(type.fields, expression, scope);
    case 'map':
      return mapForm(type, expression, scope);
    default:
      return toExactGraphForm(type, expression, scope);
  }
}

/** In a lambda, parts of a struct are wrong from the 2,049th element on (tried on 0.11.3). */
function requireNoLambda(type: string, { depth }: ExactScope): void {
  if (depth > 0) throw new InexactValue(type);
}

/** The scope of a part of the expression. */
export function within(scope: ExactScope, part: string): ExactScope {
  return { ...scope, place: placeWithin(scope.place, part) };
}

function inLambda(scope: ExactScope): ExactScope {
  return { ...within(scope, 'element'), depth: scope.depth + 1 };
}

/** Reads values of a castable type whose leaves came as text where they may lose. */
export function createTextDecoder(type: EngineType): Decoder {
  const decode = textDecoderOf(type);
  return (raw) => (raw === null || raw === undefined ? nullValue() : decode(raw));
}

function textDecoderOf(type: EngineType): Decoder {
  switch (type.kind) {
    case 'leaf':
    case 'decimal':
      return mayLose(type)
        ? (raw) => toValue(decodeLeafText(type, raw as string))
        : (raw) => toValue(decodeLeaf(type, raw));
    case 'list':
    case 'array': {
      const element = createTextDecoder(type.element);
      return (raw) => listValue((raw as unknown[]).map(element));
    }
    case 'struct': {
      const fields = type.fields.map(({ name, type: inner }) => ({ name, decode: createTextDecoder(inner) }));
      return (raw) =>
        toStruct(fields.map(({ name, decode }) => toField(name, decode((raw as RawObject)[name]))));
    }
    default:
      throw new InexactValue(type.kind.toUpperCase());
  }
}

function listForm(element: EngineType, expression: string, scope: ExactScope): ExactForm {
  if (element.kind === 'leaf' && (element.name === 'NODE' || element.name === 'REL')) {
    return toExactGraphListForm(element.name, expression, scope);
  }
  // Nodes are mixed up where a lambda returns them (tried on 0.11.3).
  if (holdsGraph(element)) throw new InexactValue('LIST');
  const variable = `trellis_x${scope.depth}`;
  const inner = toExactForm(element, variable, inLambda(scope));
  return {
    expression: `list_transform(${expression}, ${variable} -> ${inner.expression})`,
    decode: orNull((raw) => listValue((raw as unknown[]).map(inner.decode))),
  };
}

/** The engine transforms lists only; an array is read element by element. */
function arrayForm(
  { element, size }: Extract<EngineType, { readonly kind: 'array' }>,
  expression: string,
  scope: ExactScope,
): ExactForm {
  if (holdsGraph(element)) throw new InexactValue('ARRAY');
  const variable = `trellis_x${scope.depth}`;
  const inner = toExactForm(element, `list_extract(${expression}, ${variable})`, inLambda(scope));
  return {
    expression: `{n: ${expression} IS NULL, l: list_transform(range(1, ${size}), ${variable} -> ${inner.expression})}`,
    decode: orNull((raw) => {
      const { n, l } = raw as { readonly n: boolean; readonly l: unknown[] };
      return n ? nullValue() : listValue(l.map(inner.decode));
    }),
  };
}

function structForm(fields: readonly TypeField[], expression: string, scope: ExactScope): ExactForm {
  const forms = fields.map(({ name, type }, index) => ({
    name,
    ...toExactForm(
      type,
      `struct_extract(${expression}, ${toStringLiteral(name)})`,
      within(scope, String(index)),
    ),
  }));
  const items = forms.map((form, index) => `f${index}: ${form.expression}`);
  return {
    expression: `{n: ${expression} IS NULL, ${items.join(', ')}}`,
    decode: orNull((raw) => {
      const object = raw as RawObject;
      if (object.n === true) return nullValue();
      return toStruct(forms.map(({ name, decode }, index) => toField(name, decode(object[`f${index}`]))));
    }),
  };
}

/** A union is read as a struct of the one field that it has. */
function unionForm(fields: readonly TypeField[], expression: string, scope: ExactScope): ExactForm {
  const forms = fields.map(({ name, type }) => ({
    name,
    ...toExactForm(type, `union_extract(${expression}, ${toStringLiteral(name)})`, scope),
  }));
  const items = forms.map((form, index) => `f${index}: ${form.expression}`);
  return {
    expression: `{t: union_tag(${expression}), ${items.join(', ')}}`,
    decode: orNull((raw) => {
      const object = raw as RawObject;
      if (object.t === null) return nullValue();
      const index = forms.findIndex(({ name }) => name === object.t);
      const form = forms[index];
      if (!form) throw new InexactValue('UNION');
      return toStruct([toField(form.name, form.decode(object[`f${index}`]))]);
    }),
  };
}

function mapForm(
  type: Extract<EngineType, { readonly kind: 'map' }>,
  expression: string,
  scope: ExactScope,
): ExactForm {
  if (holdsGraph(type)) throw new InexactValue('MAP');
  const keys = toExactForm({ kind: 'list', element: type.key }, `map_keys(${expression})`, scope);
  const values = toExactForm({ kind: 'list', element: type.value }, `map_values(${expression})`, scope);
  return {
    expression: `{k: ${keys.expression}, v: ${values.expression}}`,
    decode: orNull((raw) => {
      const { k, v } = raw as RawObject;
      if (k === null) return nullValue();
      const [keyList, valueList] = [keys.decode(k).kind, values.decode(v).kind];
      if (keyList.case !== 'listValue' || valueList.case !== 'listValue') throw new InexactValue('MAP');
      const mapValues = valueList.value.values;
      const entries = keyList.value.values.map((key, index): MapEntry => {
        const value = mapValues[index];
        if (!value) throw new InexactValue('MAP');
        return { $typeName: 'trellis.graph.v1.MapEntry', key, value };
      });
      return toValue({ case: 'mapValue', value: { $typeName: 'trellis.graph.v1.Map', entries } });
    }),
  };
}

function toStruct(fields: Field[]) {
  return toValue({ case: 'structValue', value: { $typeName: 'trellis.graph.v1.Struct', fields } });
}

/** Reads NULL as NULL, anything else as `decode` does. */
export function orNull(decode: Decoder): Decoder {
  return (raw) => (raw === null || raw === undefined ? nullValue() : decode(raw));
}
