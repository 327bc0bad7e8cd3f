import { toAlias } from '../../domain/cypher/alias.ts';
import { type EngineType, parseEngineType } from '../../domain/values/engine-type.ts';
import type { GraphSchema, SchemaProperty } from '../read-schema.ts';

/** A column that an upload has to bring. */
export interface ImportColumn {
  /** The property; `from` and `to` for the ends of a relationship. */
  readonly name: string;
  readonly type: EngineType;
  /** The label and key property of the nodes that the values must, or for a table's own key must not, name. */
  readonly key: { readonly label: string; readonly property: string; readonly isOwn: boolean } | undefined;
}

/** The table that an upload goes into. */
export interface ImportTarget {
  readonly table: string;
  /** In the order of the table, the ends of a relationship first; without those that the engine numbers. */
  readonly columns: readonly ImportColumn[];
  /** The labels that the relationships connect. */
  readonly pair: { readonly fromLabel: string; readonly toLabel: string } | undefined;
}

/** Why there is no target. */
export type TargetRefusal = 'no-table' | 'ambiguous-pair' | 'no-pair' | 'unsupported-type';

/** Finds the table, and for relationships the pair of labels. */
export function findTarget(
  { nodeTables, relationshipTables }: GraphSchema,
  table: string,
  fromLabel: string,
  toLabel: string,
): ImportTarget | TargetRefusal {
  if (!toAlias(table)) return 'no-table';
  const node = nodeTables.find(({ name }) => name === table);
  if (node) {
    const loaded = node.properties.filter(({ type }) => type !== 'SERIAL');
    const columns = loaded.map((property) => {
      const isOwn = property.name === node.primaryKey;
      return toColumn(property, isOwn ? { label: table, property: property.name, isOwn } : undefined);
    });
    return areKnown(columns) ? { table, columns, pair: undefined } : 'unsupported-type';
  }
  const relationship = relationshipTables.find((candidate) => candidate.name === table);
  if (!relationship) return 'no-table';
  const pairs = relationship.connections.filter(
    (pair) =>
      (fromLabel === '' || pair.fromLabel === fromLabel) && (toLabel === '' || pair.toLabel === toLabel),
  );
  const [pair] = pairs;
  if (!pair) return 'no-pair';
  if (pairs.length > 1) return 'ambiguous-pair';
  const ends = [pair.fromLabel, pair.toLabel].map((label, index) => {
    const end = nodeTables.find((candidate) => candidate.name === label);
    const key = end?.properties.find(({ name }) => name === end.primaryKey);
    // What the engine numbers is named by these numbers.
    const type = key?.type === 'SERIAL' ? 'INT64' : (key?.type ?? '');
    const name = index === 0 ? 'from' : 'to';
    return toColumn({ name, type }, { label, property: key?.name ?? '', isOwn: false });
  });
  const columns = [...ends, ...relationship.properties.map((property) => toColumn(property, undefined))];
  return areKnown(columns) ? { table, columns, pair } : 'unsupported-type';
}

/** False where a relationship has a property of the name that one of its ends has in a file with names. */
export function hasUniqueNames({ columns }: ImportTarget): boolean {
  return new Set(columns.map(({ name }) => name)).size === columns.length;
}

function toColumn({ name, type }: SchemaProperty, key: ImportColumn['key']): ImportColumn | undefined {
  const parsed = parseEngineType(type);
  const isSpelled = key === undefined || (toAlias(key.label) && toAlias(key.property));
  return parsed && isSpelled ? { name, type: parsed, key } : undefined;
}

function areKnown(columns: readonly (ImportColumn | undefined)[]): columns is readonly ImportColumn[] {
  return columns.every((column) => column !== undefined);
}
