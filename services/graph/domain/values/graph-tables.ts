import type { EngineType } from './engine-type.ts';

/** A property as the decoders need it. */
export interface TableProperty {
  readonly name: string;
  /** Undefined where the engine's text of the type cannot be read. */
  readonly type: EngineType | undefined;
}

/** The properties of each table by its name, in the order of the table. */
export type GraphTables = ReadonlyMap<string, readonly TableProperty[]>;
