import { neverIndexed, withoutIndexing } from './field-policy.ts';
import { staticFields } from './static-table.ts';

/** How a field goes out that no table has whole. */
export type Indexing = 'repeated' | 'without' | 'never';

/** What is known of a name before anything was sent. */
export interface KnownName {
  readonly indexing: Indexing;
  /** The first static field with this name; 0 for none. */
  readonly staticIndex: number;
  /** The static fields with this name, by value. */
  readonly staticValues: ReadonlyMap<string, number>;
}

const noValues: ReadonlyMap<string, number> = new Map();
const unknownName: KnownName = { indexing: 'repeated', staticIndex: 0, staticValues: noValues };
const knownNames: ReadonlyMap<string, KnownName> = collect();

function collect(): Map<string, KnownName> {
  const names = new Map<string, KnownName>();
  for (const name of [...staticFields.map((field) => field.name), ...neverIndexed, ...withoutIndexing]) {
    if (names.has(name)) continue;
    const entries = [...staticFields.entries()].filter(([, field]) => field.name === name);
    const staticIndex = entries[0] === undefined ? 0 : entries[0][0] + 1;
    const staticValues = new Map(entries.map(([place, field]) => [field.value, place + 1]));
    names.set(name, { indexing: indexingOf(name), staticIndex, staticValues });
  }
  return names;
}

function indexingOf(name: string): Indexing {
  if (neverIndexed.has(name)) return 'never';
  return withoutIndexing.has(name) ? 'without' : 'repeated';
}

export function isKnownName(name: string): boolean {
  return knownNames.has(name);
}

/** One encoder's view of a name: what is known of it, and what its table holds of it. */
export class EncoderName {
  readonly indexing: Indexing;
  readonly staticIndex: number;
  readonly staticValues: ReadonlyMap<string, number>;
  /** The sequences of the table's fields with this name, by value. */
  readonly sequences = new Map<string, number>();
  /** The newest that there was, though it may have left; 0 for none. */
  sequence = 0;
  /** The value that was found last, and where: most names come with one value again and again. */
  lastValue: string | undefined;
  lastStaticIndex = 0;
  lastSequence = 0;

  constructor(name: string) {
    const { indexing, staticIndex, staticValues } = knownNames.get(name) ?? unknownName;
    this.indexing = indexing;
    this.staticIndex = staticIndex;
    this.staticValues = staticValues;
  }
}
