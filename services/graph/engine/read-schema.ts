import { parseEngineType } from '../domain/values/engine-type.ts';
import type { GraphTables } from '../domain/values/graph-tables.ts';
import { toStringLiteral } from '../domain/values/string-literal.ts';
import type { EngineTransaction } from './graph-engine.ts';
import { readRows } from './read-rows.ts';

/** A property of a table. */
export interface SchemaProperty {
  readonly name: string;
  /** The engine's text of the type. */
  readonly type: string;
}

/** A node table. */
export interface SchemaNodeTable {
  readonly name: string;
  readonly properties: readonly SchemaProperty[];
  readonly primaryKey: string;
}

/** A relationship table. */
export interface SchemaRelationshipTable {
  readonly name: string;
  readonly properties: readonly SchemaProperty[];
  readonly connections: readonly { readonly fromLabel: string; readonly toLabel: string }[];
}

/** The schema of a graph, tables by name. */
export interface GraphSchema {
  readonly nodeTables: readonly SchemaNodeTable[];
  readonly relationshipTables: readonly SchemaRelationshipTable[];
}

const tablesMax = 100_000;

/** Reads the schema that a transaction sees. */
export async function readSchema(transaction: EngineTransaction): Promise<GraphSchema> {
  const nodeTables: SchemaNodeTable[] = [];
  const relationshipTables: SchemaRelationshipTable[] = [];
  for (const row of await readRows(transaction, 'CALL show_tables() RETURN *', tablesMax)) {
    const name = String(row.name);
    const info = await readRows(transaction, `CALL table_info(${toStringLiteral(name)}) RETURN *`, tablesMax);
    const properties = info.map((property) => ({ name: String(property.name), type: String(property.type) }));
    if (row.type === 'NODE') {
      const primaryKey = String(info.find((property) => property['primary key'] === true)?.name ?? '');
      nodeTables.push({ name, properties, primaryKey });
    } else if (row.type === 'REL') {
      const rows = await readRows(
        transaction,
        `CALL show_connection(${toStringLiteral(name)}) RETURN *`,
        tablesMax,
      );
      const connections = rows.map((connection) => ({
        fromLabel: String(connection['source table name']),
        toLabel: String(connection['destination table name']),
      }));
      relationshipTables.push({ name, properties, connections });
    }
  }
  return { nodeTables: nodeTables.toSorted(byName), relationshipTables: relationshipTables.toSorted(byName) };
}

/** Remembers the schema until it changes. */
export class SchemaCache {
  #version = -1;
  #schema: Promise<GraphSchema> | undefined;
  #tables: GraphTables | undefined;

  /** The schema that a transaction sees, which must not have changed it itself. */
  async schema(transaction: EngineTransaction): Promise<GraphSchema> {
    if (this.#schema && this.#version === transaction.schemaVersion) return this.#schema;
    const schema = await transaction.snapshot(() => readSchema(transaction));
    this.#version = transaction.schemaVersion;
    this.#schema = Promise.resolve(schema);
    this.#tables = undefined;
    return schema;
  }

  /** The same as decoders need it. */
  async tables(transaction: EngineTransaction): Promise<GraphTables> {
    const schema = await this.schema(transaction);
    this.#tables ??= toGraphTables(schema);
    return this.#tables;
  }
}

function toGraphTables({ nodeTables, relationshipTables }: GraphSchema): GraphTables {
  return new Map(
    [...nodeTables, ...relationshipTables].map(({ name, properties }) => [
      name,
      properties.map((property) => ({ name: property.name, type: parseEngineType(property.type) })),
    ]),
  );
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : 1;
}
