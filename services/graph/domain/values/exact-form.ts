import type { Field, MapEntry, Value } from '../../../../gen/trellis/graph/v1/value_pb.js';
import { type LabelsByPlace, placeWithin } from './collect-labels.ts';
import { createTextDecoder as createBesideTextDecoder } from './engine-text/read-value.ts';
import { type EngineType, type TypeField, toTypeText } from './engine-type.ts';
import { toExactGraphForm } from './exact-graph-form.ts';
import { holdsGraph, holdsParts, isCastable, mayLose, toTextLeaves } from './exactness.ts';
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

/** Elements of an array that are read one by one. */
const spelledElementsMax = 64;

type MapType = Extract<EngineType, { readonly kind: 'map' }>;
type RawObject = Readonly<Record<string, unknown>>;

/**
 * Makes the exact form of an expression of a type: text in place of what the binding would round, lists of keys
 * and values in place of maps, the properties of nodes beside them; and the engine's text of the whole beside what
 * has no such form. Throws InexactValue where there is none.
 */
export function toExactForm(type: EngineType, expression: string, scope: ExactScope): ExactForm {
  if (!mayLose(type) && !holdsGraph(type)) {
    return { expression, decode: createPlainDecoder(type, scope.tables) };
  }
  try {
    return partsForm(type, expression, scope);
  } catch (error) {
    if (scope.depth > 0 || !(error instanceof InexactValue)) throw error;
    return textForm(type, expression, scope);
  }
}

/** The value and the engine's text of it. A union's text does not say which field it has. */
function textForm(type: EngineType, expression: string, { tables }: ExactScope): ExactForm {
  const isUnions = type.kind === 'list' && type.element.kind === 'union';
  const tags = isUnions ? `, t: list_transform(${expression}, trellis_x -> union_tag(trellis_x))` : '';
  return {
    expression: `{v: ${expression}, s: cast(${expression} AS STRING)${tags}}`,
    decode: orNull(createBesideTextDecoder(type, tables)),
  };
}

function partsForm(type: EngineType, expression: string, scope: ExactScope): ExactForm {
  switch (type.kind) {
    case 'list':
      return listForm(type, expression, scope);
    case 'array':
      return arrayForm(type, expression, scope);
    case 'struct':
      return structForm(type.fields, expression, scope);
    case 'union':
      return unionForm(type.fields, expression, scope);
    case 'map':
      return mapForm(type, expression, scope);
    case 'decimal':
      return castForm(type, expression);
    default:
      return holdsGraph(type) ? toExactGraphForm(type, expression, scope) : castForm(type, expression);
  }
}

/** One cast, to the type with text leaves. */
function castForm(type: EngineType, expression: string): ExactForm {
  return {
    expression: `cast(${expression} AS ${toTypeText(toTextLeaves(type))})`,
    decode: createTextDecoder(type),
  };
}

/**
 * What a lambda does with anything but a function of its bare variable is wrong from the 2,049th element on, or ends
 * the process (tried on 0.11.3).
 */
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

function listForm(
  type: Extract<EngineType, { readonly kind: 'list' }>,
  expression: string,
  scope: ExactScope,
): ExactForm {
  const { element } = type;
  if (holdsGraph(element)) throw new InexactValue('LIST');
  if (element.kind === 'map') return mapListForm(element, expression, scope);
  if (holdsParts(element) || element.kind === 'list') {
    // Parts are out of a lambda's reach, lists too: their NULLs are wrong. And there is no cast within one.
    requireNoLambda('LIST', scope);
    if (!isCastable(type)) throw new InexactValue('LIST');
    return castForm(type, expression);
  }
  const variable = `trellis_x${scope.depth}`;
  const inner = toExactForm(element, variable, inLambda(scope));
  return {
    expression: `list_transform(${expression}, ${variable} -> ${inner.expression})`,
    decode: orNull((raw) => listValue((raw as unknown[]).map(inner.decode))),
  };
}

/** The engine transforms lists only; an array of what cannot be cast as a whole is read element by element. */
function arrayForm(
  type: Extract<EngineType, { readonly kind: 'array' }>,
  expression: string,
  scope: ExactScope,
): ExactForm {
  requireNoLambda('ARRAY', scope);
  if (isCastable(type)) return castForm(type, expression);
  if (holdsGraph(type) || type.size > spelledElementsMax) throw new InexactValue('ARRAY');
  const forms = Array.from({ length: type.size }, (_, index) =>
    toExactForm(type.element, `list_extract(${expression}, ${index + 1})`, within(scope, 'element')),
  );
  return {
    expression: `{n: ${expression} IS NULL, l: [${forms.map((form) => form.expression).join(', ')}]}`,
    decode: orNull((raw) => {
      const { n, l } = raw as { readonly n: boolean; readonly l: unknown[] };
      return n ? nullValue() : listValue(forms.map(({ decode }, index) => decode(l[index])));
    }),
  };
}

function structForm(fields: readonly TypeField[], expression: string, scope: ExactScope): ExactForm {
  requireNoLambda('STRUCT', scope);
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
  requireNoLambda('UNION', scope);
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

/** A map is read from its keys and its values; `map_values` loses NULLs, which the map itself shows. */
function mapForm(type: MapType, expression: string, scope: ExactScope): ExactForm {
  requireNoLambda('MAP', scope);
  if (holdsGraph(type)) throw new InexactValue('MAP');
  const parts = mapParts(type, expression, scope);
  return {
    expression: `{m: ${expression}, ${parts.fields}}`,
    decode: orNull((raw) => parts.decode((raw as RawObject).m, raw as RawObject)),
  };
}

/** The maps stand beside, because a lambda may not return its bare variable (tried on 0.11.3). */
function mapListForm(type: MapType, expression: string, scope: ExactScope): ExactForm {
  requireNoLambda('MAP', scope);
  if (holdsGraph(type)) throw new InexactValue('MAP');
  const variable = `trellis_x${scope.depth}`;
  const parts = mapParts(type, variable, inLambda(scope));
  return {
    expression: `{m: ${expression}, l: list_transform(${expression}, ${variable} -> {${parts.fields}})}`,
    decode: orNull((raw) => {
      const { m, l } = raw as { readonly m: unknown[] | null; readonly l: RawObject[] };
      return m === null ? nullValue() : listValue(m.map((map, index) => parts.decode(map, l[index] ?? {})));
    }),
  };
}

function mapParts(type: MapType, expression: string, scope: ExactScope) {
  const keys = toExactForm({ kind: 'list', element: type.key }, `map_keys(${expression})`, scope);
  const values = toExactForm({ kind: 'list', element: type.value }, `map_values(${expression})`, scope);
  const variable = `trellis_t${scope.depth}`;
  const texts = `list_transform(map_keys(${expression}), ${variable} -> cast(${variable} AS STRING))`;
  return {
    fields: `t: ${texts}, k: ${keys.expression}, v: ${values.expression}`,
    /** `map` is the binding's object: by the text of each key, its value in the plain form. */
    decode(map: unknown, { t, k, v }: RawObject): Value {
      if (map === null || map === undefined) return nullValue();
      const [texts, keyValues, mapValues] = [
        t as string[],
        elementsOf(keys.decode(k)),
        elementsOf(values.decode(v)),
      ];
      if (Object.keys(map).length !== texts.length) throw new InexactValue('MAP');
      const entries = texts.map((text, index): MapEntry => {
        const [key, value] = [keyValues[index], mapValues[index]];
        if (!key || !value || !Object.hasOwn(map, text)) throw new InexactValue('MAP');
        const isNull = (map as RawObject)[text] === null;
        return { $typeName: 'trellis.graph.v1.MapEntry', key, value: isNull ? nullValue() : value };
      });
      return toValue({ case: 'mapValue', value: { $typeName: 'trellis.graph.v1.Map', entries } });
    },
  };
}

function elementsOf({ kind }: Value): Value[] {
  return kind.case === 'listValue' ? kind.value.values : [];
}

function toStruct(fields: Field[]) {
  return toValue({ case: 'structValue', value: { $typeName: 'trellis.graph.v1.Struct', fields } });
}

/** Reads NULL as NULL, anything else as `decode` does. */
export function orNull(decode: Decoder): Decoder {
  return (raw) => (raw === null || raw === undefined ? nullValue() : decode(raw));
}
