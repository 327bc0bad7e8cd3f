/** A question, and the statement that answers it. */
export interface Question {
  readonly title: string;
  readonly statement: string;
  readonly parameters?: Readonly<Record<string, string>>;
}

/** What the demo asks. */
export const questions: readonly Question[] = [
  {
    title: 'Which languages does Belgium share with each neighbour?',
    statement: `MATCH (c:Country {name: $name})-[:BORDERS]->(n:Country),
      (c)-[:SPEAKS]->(l:Language)<-[:SPEAKS]-(n)
RETURN n.flag AS flag, n.name AS neighbour, list_sort(collect(l.name)) AS sharedLanguages
ORDER BY neighbour`,
    parameters: { name: 'Belgium' },
  },
  {
    title: 'Which countries have the most neighbours?',
    statement: `MATCH (c:Country)-[:BORDERS]->(n:Country)
RETURN c.name AS country, count(n) AS neighbours, sum(n.areaKm2) AS neighboursKm2
ORDER BY neighbours DESC, country LIMIT 6`,
  },
  {
    title: 'What is the shortest way by land from Portugal to Vietnam?',
    statement: `MATCH way = (:Country {name: $from})-[b:BORDERS* ALL SHORTEST 1..20]->(:Country {name: $to})
RETURN length(b) AS borders, list_to_string(' → ', properties(nodes(way), 'name')) AS countries
ORDER BY countries LIMIT 5`,
    parameters: { from: 'Portugal', to: 'Vietnam' },
  },
  {
    title: 'Which currencies are used by most countries?',
    statement: `MATCH (c:Country)-[:USES]->(m:Currency)
RETURN m.code AS code, m.name AS currency, m.symbol AS symbol, count(c) AS countries
ORDER BY countries DESC, code LIMIT 6`,
  },
  {
    title: 'Which languages are spoken in most countries, and in how many regions of the world?',
    statement: `MATCH (l:Language)<-[:SPEAKS]-(c:Country)-[:PART_OF*1..2]->(r:Region)
RETURN l.name AS language, count(DISTINCT c.code) AS countries, count(DISTINCT r.name) AS regions
ORDER BY countries DESC, language LIMIT 6`,
  },
  {
    title: 'Which landlocked countries have only landlocked neighbours?',
    statement: `MATCH (c:Country)-[:BORDERS]->(n:Country)
WHERE c.landlocked
WITH c, collect(n.name) AS neighbours, min(n.landlocked) AS areAllLandlocked
WHERE areAllLandlocked
RETURN c.name AS country, list_sort(neighbours) AS neighbours
ORDER BY country`,
  },
  {
    title: 'Where does the source contradict itself: borders that only one side knows of?',
    statement: `MATCH (a:Country)-[:BORDERS]->(b:Country)
WHERE NOT EXISTS { MATCH (b)-[:BORDERS]->(a) }
RETURN a.name AS from, b.name AS to`,
  },
];

/** Counts the rows of every table. */
export const countStatement = `MATCH (n) RETURN label(n) AS label, count(*) AS total
UNION ALL
MATCH ()-[r]->() RETURN label(r) AS label, count(*) AS total`;
