import type { DescField, DescMessage } from '@bufbuild/protobuf';

const fieldsByName = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/** The field of a message by its JSON name or its proto name. */
export function findField(desc: DescMessage, name: string): DescField | undefined {
  let fields = fieldsByName.get(desc);
  if (!fields) {
    fields = new Map(
      desc.fields.flatMap((field) => [[field.name, field] as const, [field.jsonName, field] as const]),
    );
    fieldsByName.set(desc, fields);
  }
  return fields.get(name);
}

/** The fields along a dotted path, each but the last a single message; undefined where there is no such path. */
export function findFieldPath(desc: DescMessage, names: readonly string[]): DescField[] | undefined {
  const fields: DescField[] = [];
  let parent: DescMessage | undefined = desc;
  for (const name of names) {
    const field: DescField | undefined = parent && findField(parent, name);
    if (!field) return undefined;
    fields.push(field);
    parent = field.fieldKind === 'message' ? field.message : undefined;
  }
  return fields;
}

/** The dotted path of proto names: the same for `csv.fromLabel` and `csv.from_label`. */
export function pathKey(fields: readonly DescField[]): string {
  return fields.map(({ name }) => name).join('.');
}
