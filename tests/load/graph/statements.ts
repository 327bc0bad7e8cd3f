/** What the graph of the benchmark is made of, and what is asked of it. */
export const people = 10_000;
export const streamRows = 1_000_000;
/** Rows that one statement creates: its time is bounded. */
const rowsAtATime = 50_000;
/** The ids that are asked for have as many digits, so that all answers have the same length. */
const idsFrom = 1_000;
const idsAsked = 500;

export const schema = [
  'CREATE NODE TABLE P(id INT64 PRIMARY KEY, name STRING)',
  'CREATE REL TABLE K(FROM P TO P)',
  'CREATE NODE TABLE S(id INT64 PRIMARY KEY, name STRING, age INT32, score DOUBLE, active BOOL)',
];

export const nodes = [
  `UNWIND range(0, ${people - 1}) AS i CREATE (:P {id: i, name: 'name of ' + cast(i AS STRING)})`,
  ...Array.from(
    { length: streamRows / rowsAtATime },
    (_, part) => `UNWIND range(${part * rowsAtATime}, ${(part + 1) * rowsAtATime - 1}) AS i
      CREATE (:S {id: i, name: 'name of ' + cast(i AS STRING), age: cast(i % 100 AS INT32), score: i / 7.0,
      active: i % 2 = 0})`,
  ),
];

/** Who knows whom, as CSV: each person ten others. */
export const relationships = Array.from({ length: people * 10 }, (_, index) => {
  const from = Math.floor(index / 10);
  return `${from},${(from * 7 + (index % 10) * 991 + 1) % people}\n`;
}).join('');

export const pointQuery = 'MATCH (p:P) WHERE p.id = $id RETURN p.id, p.name';
export const twoHopQuery = 'MATCH (p:P)-[:K]->(:P)-[:K]->(q:P) WHERE p.id = $id RETURN count(q)';
export const streamQuery = 'MATCH (s:S) RETURN s.id, s.name, s.age, s.score, s.active';

/** The ids to ask for, scattered over the table. */
export const ids = Array.from(
  { length: idsAsked },
  (_, index) => idsFrom + ((index * 7_919) % (people - idsFrom)),
);
