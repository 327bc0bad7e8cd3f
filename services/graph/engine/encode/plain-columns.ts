import { LRUCache } from 'lru-cache';
import { depthOf, type EngineType, parseEngineType } from '../../domain/values/engine-type.ts';
import { holdsGraph, mayLose } from '../../domain/values/exactness.ts';
import type { GraphTables } from '../../domain/values/graph-tables.ts';
import type { ResultColumn } from '../graph-engine.ts';
import { encodeColumns } from './encode-columns.ts';
import { createPlainEncoder } from './plain-encoder.ts';
import type { ColumnEncoder } from './row-encoder.ts';

/** How the columns of a result are written where its statement runs as it is. */
export interface PlainColumns {
  readonly types: readonly EngineType[];
  readonly encoders: readonly ColumnEncoder[];
  /** The field `columns` of an answer. */
  readonly bytes: Uint8Array;
  /** Whether all values that the types can have survive the binding. */
  readonly isSure: boolean;
  /** Whether a column has a name that the binding drops. */
  readonly hasLostName: boolean;
}

const knownMax = 1_000;
/** Protobuf reads messages that nest 100 deep, and a struct takes three for a level. */
const depthMax = 30;
const noTables: GraphTables = new Map();

/** Makes out how columns are written, once for all results that have the same. */
export class PlainColumnsCache {
  readonly #byTables = new WeakMap<GraphTables, LRUCache<string, PlainColumns>>();

  /**
   * How these columns are written. `names` are those to answer with; `getTables` gives the schema where nodes or
   * relationships are among the values; `onUnreadable` throws for a type that cannot be read.
   */
  async get(
    columns: readonly ResultColumn[],
    names: readonly string[],
    getTables: () => Promise<GraphTables>,
    onUnreadable: (column: ResultColumn) => never,
  ): Promise<PlainColumns> {
    const key = columns.map(({ name, type }, index) => `${type}\n${name}\n${names[index]}`).join('\n');
    const known = this.#of(noTables).get(key);
    if (known) return known;
    const types = columns.map((column) => {
      const type = parseEngineType(column.type);
      return type && depthOf(type) <= depthMax ? type : onUnreadable(column);
    });
    const tables = types.some(holdsGraph) ? await getTables() : noTables;
    const ofTables = this.#of(tables);
    const plain = ofTables.get(key) ?? toPlainColumns(columns, types, names, tables);
    ofTables.set(key, plain);
    return plain;
  }

  #of(tables: GraphTables): LRUCache<string, PlainColumns> {
    const known = this.#byTables.get(tables);
    if (known) return known;
    const cache = new LRUCache<string, PlainColumns>({ max: knownMax });
    this.#byTables.set(tables, cache);
    return cache;
  }
}

function toPlainColumns(
  columns: readonly ResultColumn[],
  types: readonly EngineType[],
  names: readonly string[],
  tables: GraphTables,
): PlainColumns {
  const hasLostName = columns.some(({ name }) => name === '__proto__');
  return {
    types,
    encoders: columns.map(({ name }, index) => {
      const type = types[index];
      if (!type) throw new Error('a column without type');
      return { name, encode: createPlainEncoder(type, tables) };
    }),
    bytes: encodeColumns(columns.map(({ type }, index) => ({ name: names[index] ?? '', type }))),
    isSure: !hasLostName && !types.some((type) => mayLose(type) || holdsGraph(type)),
    hasLostName,
  };
}
