import type { EngineType } from '../../../domain/values/engine-type.ts';
import { ValueRefused } from '../json/json-column.ts';
import type { Json } from '../json/parse-json-line.ts';
import { LeafColumn } from '../parquet/leaf-column.ts';
import { parseSpan } from '../values/parse-span.ts';
import { storageOf } from '../values/store-leaf.ts';
import { storeField } from './store-field.ts';

/**
 * Checks the leaves of a nested value that the engine is going to read from its text: what it would round, cut or
 * read as something else is refused. Throws ValueRefused.
 */
export function checkLeaves(value: Json, type: EngineType): void {
  if (value === null) return;
  switch (type.kind) {
    case 'list':
    case 'array':
      for (const element of value as readonly Json[]) checkLeaves(element, type.element);
      return;
    case 'map':
      for (const [key = null, inner = null] of value as readonly (readonly Json[])[]) {
        checkLeaves(key, type.key);
        checkLeaves(inner, type.value);
      }
      return;
    case 'struct':
      for (const { name, type: inner } of type.fields) {
        checkLeaves((value as ReadonlyMap<string, Json>).get(name) ?? null, inner);
      }
      return;
    case 'union':
      return;
    default: {
      const problem = problemOf(value as string, type);
      if (problem !== undefined) throw new ValueRefused(problem);
    }
  }
}

function problemOf(
  text: string,
  type: Extract<EngineType, { kind: 'leaf' | 'decimal' }>,
): string | undefined {
  if (type.kind === 'leaf' && type.name === 'INTERVAL') return parseSpan(text) ? undefined : 'is no INTERVAL';
  const storage = storageOf(type);
  if (!storage) return 'is of a type that cannot be loaded';
  return storeField(new LeafColumn([], storage.physical, 0, 0), type, text);
}
