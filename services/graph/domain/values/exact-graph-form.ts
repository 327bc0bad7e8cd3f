import type { EngineType } from './engine-type.ts';
import { type ExactForm, type ExactScope, orNull, toExactForm } from './exact-form.ts';
import { mayLose } from './exactness.ts';
import type { TableProperty } from './graph-tables.ts';
import { elementDecoder } from './plain-decoder.ts';
import { toStringLiteral } from './string-literal.ts';
import { InexactValue } from './value.ts';

type RawObject = Readonly<Record<string, unknown>>;

/** The exact form of a node or a relationship: its properties beside it. */
export function toExactGraphForm(type: EngineType, expression: string, scope: ExactScope): ExactForm {
  if (type.kind !== 'leaf') throw new InexactValue(type.kind.toUpperCase());
  if (type.name !== 'NODE' && type.name !== 'REL') throw new InexactValue(type.name);
  const forms = propertiesOf(scope).map(({ name, type: inner }) => ({
    name,
    ...toExactForm(inner, `struct_extract(${expression}, ${toStringLiteral(name)})`, scope),
  }));
  const items = forms.map((form, index) => `, p${index}: ${form.expression}`);
  const decode = elementDecoder(type.name, scope.tables);
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
