/**
 * 200 graphs on one standard node of 10 slots: how long the first query of a sleeping graph takes, whether each graph
 * keeps its own content while they take turns, and what graphs cost in memory, open and asleep.
 * `npm run bench:sleep [-- --graphs 200 --slots 10 --wakes 100 --calls 2000 --clients 10]`.
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { descendants, enginePids, type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute, query, type RestClient } from '../support/rest.ts';

const { values: args } = parseArgs({
  options: {
    graphs: { type: 'string', default: '200' },
    slots: { type: 'string', default: '10' },
    wakes: { type: 'string', default: '100' },
    calls: { type: 'string', default: '2000' },
    clients: { type: 'string', default: '10' },
  },
});
const [graphCount, slots, wakes, calls, clients] = [
  args.graphs,
  args.slots,
  args.wakes,
  args.calls,
  args.clients,
].map(Number) as [number, number, number, number, number];

/** The plan that an account begins with allows so many. */
const graphsPerTenant = 5;
const rowsPerGraph = 200;
/** Before each waking of the paced run: a spare is there again by then. */
const paceMs = 1_500;

/** A graph, and how many writes it has acknowledged. */
interface Subject {
  readonly rest: RestClient;
  readonly graphId: string;
  acknowledged: number;
}

const mesh = await startMesh({
  env: {
    TRELLIS_RATELIMIT_SCALE: '100000',
    TRELLIS_GRAPH_NODE_TIER: 'standard',
    TRELLIS_GRAPH_NODE_SLOTS: String(slots),
  },
});
try {
  const before = await memoryOf(mesh);
  const subjects = await createSubjects(mesh.url);
  const loaded = await memoryOf(mesh);

  const paced = await wakeOneByOne(subjects, paceMs);
  const chained = await wakeOneByOne(subjects, 0);
  const churned = await churn(subjects);
  const wrong = await verify(subjects);
  const after = await memoryOf(mesh);

  const asleep = graphCount - slots;
  console.log(`\n${graphCount} graphs, ${slots} slots, ${rowsPerGraph} rows each\n`);
  console.log('ms                                         calls     p50     p99     max  wrong or failed');
  report(`first query, asleep, one each ${paceMs} ms`, paced);
  report('first query, asleep, back to back', chained);
  report(`any query or write, ${clients} clients at once`, churned);
  console.log(
    `\nacknowledged writes: ${sum(subjects.map(({ acknowledged }) => acknowledged))}; graphs with other content than theirs: ${wrong}`,
  );
  console.log('\nMiB                                   at start   graphs made   at the end');
  for (const name of [
    'control plane and edge',
    'node daemon',
    'engines, private and shared in parts',
  ] as const) {
    console.log(
      `${name.padEnd(38)}${[before, loaded, after].map((memory) => mib(memory[name]).padStart(8)).join('      ')}`,
    );
  }
  console.log(
    `per open graph: ${mib(after.perEngineRss)} resident, ${mib(after.perEnginePss)} its share (PSS)`,
  );
  console.log(`per spare: ${mib(after.perSpareRss)} resident, ${mib(after.perSparePss)} its share`);
  const growth = (memory: typeof after) => memory['control plane and edge'] + memory['node daemon'];
  console.log(
    `per sleeping graph: ${((growth(loaded) - growth(before)) / asleep / 1024).toFixed(0)} KiB of daemon, catalog and edge, at most`,
  );
} finally {
  await mesh.stop();
  await removeMeshData(mesh);
}
process.exit(0);

async function createSubjects(url: string): Promise<Subject[]> {
  const subjects: Subject[] = [];
  const sizes = Array.from({ length: Math.ceil(graphCount / graphsPerTenant) }, (_, index) =>
    Math.min(graphsPerTenant, graphCount - index * graphsPerTenant),
  );
  await inParallel(sizes, async (size) => {
    const { rest } = await createTenant(url);
    for (let i = 0; i < size; i++) {
      const graphId = await createGraph(rest);
      await execute(rest, graphId, 'CREATE NODE TABLE Row(id INT64 PRIMARY KEY, graph STRING)');
      await execute(rest, graphId, 'CREATE NODE TABLE Count(id INT64 PRIMARY KEY, value INT64)');
      await execute(rest, graphId, 'CREATE (:Count {id: 1, value: 0})');
      await execute(
        rest,
        graphId,
        `UNWIND range(1, ${rowsPerGraph}) AS i CREATE (:Row {id: i, graph: $graphId})`,
        { graphId },
      );
      subjects.push({ rest, graphId, acknowledged: 0 });
      if (subjects.length % 50 === 0) console.log(`${subjects.length} graphs`);
    }
  });
  return subjects;
}

/** As many at a time as there are slots for at least two graphs each. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.floor(slots / 2)) }, worker));
}

interface Outcome {
  readonly tookMs: number[];
  failed: number;
}

async function wakeOneByOne(subjects: readonly Subject[], everyMs: number): Promise<Outcome> {
  const outcome: Outcome = { tookMs: [], failed: 0 };
  let lastMs = performance.now();
  while (outcome.tookMs.length + outcome.failed < wakes) {
    const subject = pick(subjects);
    const { body } = await subject.rest.get(`/v1/graphs/${subject.graphId}`);
    if (!/SLEEPING/.test(body.graph.state)) continue;
    const restMs = everyMs - (performance.now() - lastMs);
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
    const startMs = performance.now();
    lastMs = startMs;
    if (await holdsItsOwn(subject)) outcome.tookMs.push(performance.now() - startMs);
    else outcome.failed++;
  }
  return outcome;
}

async function churn(subjects: readonly Subject[]): Promise<Outcome> {
  const outcome: Outcome = { tookMs: [], failed: 0 };
  let left = calls;
  const client = async () => {
    while (left-- > 0) {
      const subject = pick(subjects);
      const startMs = performance.now();
      const isFine = Math.random() < 0.5 ? await holdsItsOwn(subject) : await count(subject);
      if (isFine) outcome.tookMs.push(performance.now() - startMs);
      else outcome.failed++;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return outcome;
}

async function holdsItsOwn({ rest, graphId }: Subject): Promise<boolean> {
  try {
    const { rows } = await query(rest, graphId, 'MATCH (r:Row) RETURN DISTINCT r.graph, count(*)');
    return rows.length === 1 && rows[0][0] === graphId && Number(rows[0][1]) === rowsPerGraph;
  } catch (error) {
    console.log(String(error));
    return false;
  }
}

async function count(subject: Subject): Promise<boolean> {
  try {
    await execute(subject.rest, subject.graphId, 'MATCH (c:Count) SET c.value = c.value + 1');
    subject.acknowledged++;
    return true;
  } catch (error) {
    console.log(String(error));
    return false;
  }
}

/** How many graphs hold other rows or another count than they should. */
async function verify(subjects: readonly Subject[]): Promise<number> {
  let wrong = 0;
  await inParallel(subjects, async (subject) => {
    const { rows } = await query(subject.rest, subject.graphId, 'MATCH (c:Count) RETURN c.value');
    if (Number(rows[0][0]) !== subject.acknowledged || !(await holdsItsOwn(subject))) wrong++;
  });
  return wrong;
}

/** In bytes. */
async function memoryOf({ pid }: Mesh) {
  const [engines, daemons, spares]: [number[], number[], number[]] = [enginePids(mesh), [], []];
  for (const each of descendants(pid)) {
    const command = await readFile(`/proc/${each}/cmdline`, 'utf8').catch(() => '');
    if (command.includes('graph-node')) daemons.push(each);
    else if (command.includes('trellis/graph/spare')) spares.push(each);
  }
  const memory = (pids: readonly number[]) => Promise.all(pids.map(readMemory));
  const [control, daemon, engine, spare] = await Promise.all([[pid], daemons, engines, spares].map(memory));
  const mean = (numbers: readonly number[] = []) => (numbers.length > 0 ? sum(numbers) / numbers.length : 0);
  return {
    'control plane and edge': sum((control ?? []).map(({ rss }) => rss)),
    'node daemon': sum((daemon ?? []).map(({ rss }) => rss)),
    'engines, private and shared in parts': sum((engine ?? []).map(({ pss }) => pss)),
    perEngineRss: mean(engine?.map(({ rss }) => rss)),
    perEnginePss: mean(engine?.map(({ pss }) => pss)),
    perSpareRss: mean(spare?.map(({ rss }) => rss)),
    perSparePss: mean(spare?.map(({ pss }) => pss)),
  };
}

async function readMemory(pid: number) {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { rss: bytes('Rss'), pss: bytes('Pss') };
}

function report(name: string, { tookMs, failed }: Outcome): void {
  tookMs.sort((a, b) => a - b);
  const at = (part: number) =>
    (tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * part))] ?? Number.NaN).toFixed(0);
  const figures = [String(tookMs.length), at(0.5), at(0.99), at(1)].map((text) => text.padStart(8)).join('');
  console.log(`${name.padEnd(40)}${figures}${String(failed).padStart(17)}`);
}

function pick<T>(items: readonly T[]): T {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
