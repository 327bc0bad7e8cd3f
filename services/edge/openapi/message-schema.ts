import type { DescEnum, DescField, DescMessage } from '@bufbuild/protobuf';
import { RestForm } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { restForm, rowField } from '../rest/message-from-json.ts';
import type { Comments } from './comments.ts';
import { isRequired, ruleSchema, type Schema, scalarSchema, wellKnownSchema } from './field-schema.ts';
import { graphValueName, graphValueSchemas } from './graph-value-schema.ts';

/** The schemas of messages and enums, each a component that others refer to. */
export class MessageSchemas {
  readonly components: Record<string, Schema> = {};
  readonly #comments: Comments;
  /** The component's name by what it stands for. */
  readonly #names = new Map<string, string>();

  constructor(comments: Comments) {
    this.#comments = comments;
  }

  /** A reference to the schema of a message, without the fields of those proto names. */
  message(desc: DescMessage, without: ReadonlySet<string> = new Set()): Schema {
    const form = restForm(desc);
    if (form === RestForm.VALUE) {
      Object.assign(this.components, graphValueSchemas);
      return reference(graphValueName);
    }
    if (form === RestForm.ROW) return this.#described(desc.typeName, this.field(rowField(desc)));
    const wellKnown = wellKnownSchema(desc.typeName);
    if (wellKnown) return wellKnown;
    const left = [...without].filter((name) => desc.fields.some((field) => field.name === name)).sort();
    return this.#component([desc.typeName, ...left].join(' without '), desc.name, () => {
      const fields = desc.fields.filter(({ name }) => !without.has(name));
      const required = fields.filter(isRequired).map(({ jsonName }) => jsonName);
      const properties = fields.map((field) => [field.jsonName, this.describedField(field)] as const);
      return this.#described(desc.typeName, {
        type: 'object',
        properties: Object.fromEntries(properties),
        ...(required.length > 0 ? { required } : {}),
      });
    });
  }

  /** The schema of a field with its comment. */
  describedField(field: DescField): Schema {
    return this.#described(`${field.parent.typeName}.${field.name}`, this.field(field));
  }

  /** The schema of a field's value. */
  field(field: DescField): Schema {
    const rules = ruleSchema(field);
    const single = this.#single(field);
    if (field.fieldKind === 'list') {
      return { type: 'array', ...rules, items: { ...single, ...(rules.items as Schema | undefined) } };
    }
    if (field.fieldKind === 'map') return { type: 'object', ...rules, additionalProperties: single };
    return { ...single, ...rules };
  }

  /** The comment on a method, message, field or enum. */
  comment(name: string): string | undefined {
    return this.#comments.get(name);
  }

  /** A reference to a component that is made on first use. */
  #component(key: string, shortName: string, make: () => Schema): Schema {
    const known = this.#names.get(key);
    if (known !== undefined) return reference(known);
    const candidates = [shortName, key.replaceAll(' without ', '-without-')];
    const name = candidates.find((candidate) => !Object.hasOwn(this.components, candidate));
    if (name === undefined) throw new Error(`two components would be named ${shortName}`);
    this.#names.set(key, name);
    // Taken before it is made, because a message may contain itself.
    this.components[name] = {};
    this.components[name] = make();
    return reference(name);
  }

  #single(field: DescField): Schema {
    if (field.message) return this.message(field.message);
    return field.enum ? this.#enum(field.enum) : scalarSchema(field.scalar);
  }

  #enum(desc: DescEnum): Schema {
    if (desc.typeName === 'google.protobuf.NullValue') return { type: 'null' };
    return this.#component(desc.typeName, desc.name, () => {
      return this.#described(desc.typeName, { type: 'string', enum: desc.values.map(({ name }) => name) });
    });
  }

  #described(name: string, schema: Schema): Schema {
    const description = this.#comments.get(name);
    return description === undefined ? schema : { description, ...schema };
  }
}

function reference(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}
