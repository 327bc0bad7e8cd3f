import { create } from '@bufbuild/protobuf';
import { PathSchema } from '../../../../gen/trellis/graph/v1/value_pb.js';
import type { EngineType } from './engine-type.ts';
import { type ExactForm, type ExactScope, orNull, toExactForm, within } from './exact-form.ts';
import { mayLose } from './exactness.ts';
import type { TableProperty } from './graph-tables.ts';
import { decodeNode, decodeRelationship, type PropertySource } from './plain-decoder.ts';
import { toStringLiteral } from './string-literal.ts';
import { InexactValue, listValue, nullValue, toValue } from './value.ts';

type RawObject = Readonly<Record<string, unknown>>;

/** The exact form of a node, a relationship or a path. */
export function toExactGraphForm(type: EngineType, expression: string, scope: ExactScope): ExactForm {
  if (type.kind !== 'leaf') throw new InexactValue(type.kind.toUpperCase());
  if (type.name === 'RECURSIVE_REL') return pathForm(expression, scope);
  if (type.name !== 'NODE' && type.name !== 'REL') throw new InexactValue(type.name);
  const forms = propertiesOf(scope).map(({ name, type: inner }) => ({
    name,
    ...toExactForm(inner, `struct_extract(${expression}, ${toStringLiteral(name)})`, scope),
  }));
  const items = forms.map((form, index) => `, p${index}: ${form.expression}`);
  const decode = elementDecoder(type.name, scope);
  return {
    expression: `{v: ${expression}${items.join('')}}`,
    decode: orNull((raw) => {
      const object = raw as RawObject;
      return decode(object.v, (name) => {
        const index = forms.findIndex((form) => form.name === name);
        const form = forms[index];
        return form && { decode: form.decode, raw: object[`p${index}`] };
      });
    }),
  };
}

/** The exact form of a list of nodes or relationships: properties stand in lists beside it, see listForm. */
export function toExactGraphListForm(name: 'NODE' | 'REL', expression: string, scope: ExactScope): ExactForm {
  const columns = propertyColumns(expression, 'p', within(scope, 'element'));
  const decode = elementDecoder(name, scope);
  return {
    expression: `{v: ${expression}${columns.expression}}`,
    decode: orNull((raw) => {
      const elements = (raw as RawObject).v as unknown[] | null;
      if (elements === null) return nullValue();
      const sourceAt = columns.sources(raw as RawObject);
      return listValue(elements.map((element, index) => decode(element, sourceAt(index))));
    }),
  };
}

function pathForm(expression: string, scope: ExactScope): ExactForm {
  const nodes = propertyColumns(`nodes(${expression})`, 'p', within(scope, 'nodes'));
  const rels = propertyColumns(`rels(${expression})`, 'q', within(scope, 'rels'));
  return {
    expression: `{v: ${expression}${nodes.expression}${rels.expression}}`,
    decode: orNull((raw) => {
      const object = raw as RawObject;
      const path = object.v as { readonly _nodes: RawObject[]; readonly _rels: RawObject[] } | null;
      if (path === null) return nullValue();
      const [nodeAt, relAt] = [nodes.sources(object), rels.sources(object)];
      const value = create(PathSchema, {
        nodes: path._nodes.map((node, index) => decodeNode(node, scope.tables, nodeAt(index))),
        relationships: path._rels.map((rel, index) => decodeRelationship(rel, scope.tables, relAt(index))),
      });
      return toValue({ case: 'pathValue', value });
    }),
  };
}

function propertyColumns(list: string, prefix: string, scope: ExactScope) {
  const forms = propertiesOf(scope).map(({ name, type }) => ({
    name,
    ...toExactForm({ kind: 'list', element: type }, `properties(${list}, ${toStringLiteral(name)})`, scope),
  }));
  return {
    expression: forms.map((form, index) => `, ${prefix}${index}: ${form.expression}`).join(''),
    sources(raw: RawObject): (element: number) => PropertySource {
      const lists = forms.map((form, index) => form.decode(raw[`${prefix}${index}`]).kind);
      return (element) => (name) => {
        const list = lists[forms.findIndex((form) => form.name === name)];
        const value = list?.case === 'listValue' ? list.value.values[element] : undefined;
        return value && { decode: () => value, raw: value };
      };
    },
  };
}

/** The properties of the labels at this place that the object of a node cannot be trusted with. */
function propertiesOf({ tables, labels, place }: ExactScope): Required<{ name: string; type: EngineType }>[] {
  const found = new Map<string, EngineType>();
  for (const label of labels.get(place) ?? []) {
    for (const property of tables.get(label) ?? []) {
      if (needsOwnColumn(property)) found.set(property.name, property.type);
    }
  }
  return [...found].map(([name, type]) => ({ name, type }));
}

function needsOwnColumn(property: TableProperty): property is { name: string; type: EngineType } {
  return property.type !== undefined && (property.name === '__proto__' || mayLose(property.type));
}

function elementDecoder(name: 'NODE' | 'REL', { tables }: ExactScope) {
  return (raw: unknown, source: PropertySource) => {
    if (raw === null || raw === undefined) return nullValue();
    return name === 'NODE'
      ? toValue({ case: 'nodeValue', value: decodeNode(raw as RawObject, tables, source) })
      : toValue({ case: 'relationshipValue', value: decodeRelationship(raw as RawObject, tables, source) });
  };
}
