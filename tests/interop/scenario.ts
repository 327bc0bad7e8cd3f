/** Characters of two, three and four bytes. */
const cities = [
  { id: '1', name: 'Ærø', big: '9007199254740993' },
  { id: '2', name: '京都', big: '-9007199254740993' },
  { id: '3', name: 'Łódź 🚲', big: '9223372036854775807' },
] as const;

const csv = Buffer.from(
  `id,name,big\n${[1, 2].map((i) => Object.values(cities[i] ?? {}).join(',')).join('\n')}\n`,
);
/** Within 京, so that whoever puts chunks together as text shows it. */
const csvCut = csv.indexOf('京') + 1;

const streamRows = 50_000;
const wideRows = 40_000;
const wideCharacters = 1_000;

/** Bytes of the stream that is cancelled, if somebody read it to its end: at least these. */
export const wideBytes = wideRows * wideCharacters;

/** What every foreign client is told to do, from the registration to a refused statement; its programs read it as JSON. */
export const scenario = {
  password: 'correct horse battery staple',
  name: 'Zoë Ångström',
  schema: 'CREATE NODE TABLE City(id INT64 PRIMARY KEY, name STRING, big INT64)',
  insert: 'CREATE (:City {id: $id, name: $name, big: $big})',
  city: cities[0],
  table: 'City',
  csvBase64: [csv.subarray(0, csvCut), csv.subarray(csvCut)].map((chunk) => chunk.toString('base64')),
  query: 'MATCH (c:City) RETURN c.id, c.name, c.big ORDER BY c.id',
  stream: `UNWIND range(1, ${streamRows}) AS i RETURN i`,
  wideStream: `UNWIND range(1, ${wideRows}) AS i RETURN i, lpad('', ${wideCharacters}, 'x')`,
  messagesBeforeCancel: 3,
  refused: "LOAD FROM '/etc/passwd' RETURN *",
};

/** What a program reads: the scenario, where the mesh is, and names of this one run. */
export type Assignment = typeof scenario & {
  readonly url: string;
  readonly email: string;
  /** The request id of the stream that is cancelled. */
  readonly cancelId: string;
};

let assignments = 0;

/** The scenario for one run of one client. */
export function createAssignment(url: string): Assignment {
  const run = `${process.pid}-${Date.now()}-${assignments++}`;
  return { ...scenario, url, email: `interop-${run}@example.com`, cancelId: `interop-cancel-${run}` };
}

/** What a client must have seen: 64-bit integers as text, status codes as numbers. */
export const outcome = {
  keyPrefix: 'trl_live_',
  imported: 2,
  columns: ['c.id', 'c.name', 'c.big'],
  rows: cities.map(({ id, name, big }) => [id, name, big]),
  stream: { rows: streamRows, sum: String((streamRows * (streamRows + 1)) / 2), done: streamRows },
  cancelled: { code: 1, rowsAfter: 3 },
  refused: { code: 9, reason: 'STATEMENT_NOT_ALLOWED', domain: 'trellis', construct: 'LOAD' },
};

/** The outcome of a client whose own compression was used for one more query. */
export const outcomeWithCompression = { ...outcome, compressedRows: 3 };
