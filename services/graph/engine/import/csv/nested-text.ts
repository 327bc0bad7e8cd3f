import type { EngineType } from '../../../domain/values/engine-type.ts';
import { ValueRefused } from '../json/json-column.ts';
import type { Json } from '../json/parse-json-line.ts';
import { splitList, splitMap, splitStruct } from './split-nested.ts';

/**
 * A nested value from the text that a cell of CSV has for it, `[1, 2]`, `{a: 1}` or `{k=v}`, told apart as the engine
 * does; its leaves are texts. Nothing but strings is NULL where the text says NULL or nothing. Throws ValueRefused.
 */
export function parseNestedText(text: string, type: EngineType): Json {
  if (isNullText(text, type)) return null;
  switch (type.kind) {
    case 'list':
    case 'array': {
      const elements = splitList(text) ?? refuse('is no list, such as [1, 2]');
      return elements.map((element) => parseNestedText(element, type.element));
    }
    case 'map': {
      const pairs = splitMap(text) ?? refuse('is no map, such as {a=1, b=2}');
      return pairs.map(([key, value]): Json => {
        return [parseNestedText(key, type.key), parseNestedText(value, type.value)];
      });
    }
    case 'struct': {
      const pairs = splitStruct(text) ?? refuse('is no struct, such as {a: 1, b: 2}');
      const fields = new Map<string, Json>();
      for (const [name, value] of pairs) {
        const field = type.fields.find((each) => each.name.toUpperCase() === name.toUpperCase());
        if (!field) throw new ValueRefused(`has a field ${clipped(name)} that the type has not`);
        if (fields.has(field.name)) throw new ValueRefused(`has the field ${clipped(name)} twice`);
        fields.set(field.name, parseNestedText(value, field.type));
      }
      return fields;
    }
    default:
      return text;
  }
}

/** True where a cell of CSV has no value: it is empty, or says NULL and is no STRING. */
export function isNullText(text: string, type: EngineType): boolean {
  if (text === '') return true;
  if (type.kind === 'leaf' && type.name === 'STRING') return false;
  const word = text.trim();
  return word === '' || (word.length === 4 && word.toUpperCase() === 'NULL');
}

function refuse(problem: string): never {
  throw new ValueRefused(problem);
}

function clipped(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
