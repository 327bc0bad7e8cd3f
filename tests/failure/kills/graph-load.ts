import { setTimeout } from 'node:timers/promises';
import { pick, type Random } from '../../support/random.ts';
import { createGraphPatiently, execute, type Tenant } from '../../support/rest.ts';
import { CallLog, type CallOutcome } from './call-log.ts';
import { type FoundRow, Ledger, type WriteOutcome } from './ledger.ts';

/** Batches that are kept; beyond, more are deleted than made. */
const batchesKept = 150;
const rowsPerImport = 25;
/** Tables that come and go. */
const passingTables = 4;

/** Mixed load on one graph, with a ledger of what was answered. */
export class GraphLoad {
  readonly graphId: string;
  readonly log: CallLog;
  readonly #random: Random;
  /** T, written by statements; each batch of three nodes has two relationships. */
  readonly #written = new Ledger(3);
  readonly #imported = new Ledger(rowsPerImport);
  /** Tables by number: whether they are there. */
  readonly #tables = new Ledger(1);
  #nextBatch = 0;
  #nextImport = 0;
  #nextValue = 0;
  #isStopped = true;
  #loops: Promise<unknown> = Promise.resolve();
  readonly #pauses = new Map<string, AbortController>();

  readonly #deletes: boolean;

  private constructor(graphId: string, { rest }: Tenant, random: Random, deletes: boolean) {
    this.graphId = graphId;
    this.#deletes = deletes;
    this.log = new CallLog(rest);
    this.#random = random;
  }

  /** Creates the graph. `deletes`: whether nodes with relationships are deleted, too. */
  static async create(tenant: Tenant, random: Random, deletes: boolean): Promise<GraphLoad> {
    const graphId = await createGraphPatiently(tenant.rest);
    await execute(tenant.rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY, batch INT64, v INT64)');
    await execute(tenant.rest, graphId, 'CREATE REL TABLE L(FROM T TO T)');
    await execute(tenant.rest, graphId, 'CREATE NODE TABLE I(id INT64 PRIMARY KEY, batch INT64, v INT64)');
    return new GraphLoad(graphId, tenant, random, deletes);
  }

  start(): void {
    this.#isStopped = false;
    const loops = [
      this.#write,
      this.#write,
      this.#read,
      this.#read,
      this.#stream,
      this.#import,
      this.#define,
    ];
    this.#loops = Promise.all(loops.map((step) => this.#repeat(step.bind(this))));
  }

  /** Resolves when no call is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const pause of this.#pauses.values()) pause.abort();
    await this.#loops;
  }

  /** Makes the next import begin at once. */
  importNow(): void {
    this.#pauses.get('import')?.abort();
  }

  /** Writes whose outcome is not known yet. */
  get unknown(): number {
    return this.#written.unknown + this.#imported.unknown + this.#tables.unknown;
  }

  /** While the load is stopped: holds all that the graph has against what was answered; returns what is wrong. */
  async verify(): Promise<string[]> {
    const rows = await this.#rows('T');
    const [wrongT, wrongI] = [
      this.#written.verify(rows, 'T'),
      this.#imported.verify(await this.#rows('I'), 'I'),
    ];
    return [...wrongT, ...wrongI, ...(await this.#wrongTables()), ...(await this.#wrongIndexes(rows))];
  }

  async #repeat(step: () => Promise<unknown>): Promise<void> {
    while (!this.#isStopped) {
      await step();
      await setTimeout(this.#random() * 100);
    }
  }

  async #write(): Promise<void> {
    const settled = this.#written.settled();
    const choice = this.#random();
    const value = this.#nextValue++;
    const share = settled.length > batchesKept ? 0.6 : 0.2;
    const mayDelete = this.#deletes ? share : 0;
    if (settled.length > 10 && choice < mayDelete) {
      const batch = pick(this.#random, settled);
      await this.#writeBatch(
        batch,
        undefined,
        'delete',
        'MATCH (t:T) WHERE t.batch = $batch DETACH DELETE t',
        {},
      );
    } else if (settled.length > 10 && choice > 0.7) {
      const batch = pick(this.#random, settled);
      const statement = 'MATCH (t:T) WHERE t.batch = $batch SET t.v = $value';
      await this.#writeBatch(batch, value, 'set', statement, { value });
    } else {
      const batch = this.#nextBatch++;
      const [a, b, c] = this.#written.idsOf(batch);
      const node = (id: string) => `(:T {id: ${id}, batch: $batch, v: $value})`;
      const statement = `CREATE ${node('$a')}-[:L]->${node('$b')}-[:L]->${node('$c')}`;
      await this.#writeBatch(batch, value, 'create', statement, { a, b, c, value });
    }
  }

  async #writeBatch(
    batch: number,
    state: number | undefined,
    kind: string,
    statement: string,
    values: object,
  ) {
    await this.#written.write(batch, state, async () =>
      outcomeOf(await this.#execute(kind, statement, { batch, ...values })),
    );
  }

  async #read(): Promise<void> {
    const settled = this.#written.settled();
    if (settled.length === 0) return;
    const batch = pick(this.#random, settled);
    const [first, , last] = this.#written.idsOf(batch);
    const isFar = this.#random() < 0.4;
    const statement = isFar
      ? 'MATCH (a:T {id: $id})-[:L]->(:T)-[:L]->(c:T) RETURN c.id, c.batch, c.v'
      : 'MATCH (t:T {id: $id}) RETURN t.id, t.batch, t.v';
    const state = this.#written.stateOf(batch);
    const answer = await this.#query(isFar ? 'two hops' : 'point', statement, { id: first });
    if (!answer.ok || this.#written.stateOf(batch) !== state || !this.#written.settled().includes(batch))
      return;
    const expected = JSON.stringify([[isFar ? last : first, batch, state]]);
    const got = JSON.stringify(answer.body.rows);
    if (got !== expected) this.log.wrong.push(`a read gave ${got}, and ${expected} was acknowledged`);
  }

  /** A whole scan sees whole batches, whoever writes meanwhile. */
  async #stream(): Promise<void> {
    const answer = await this.#query('stream', 'MATCH (t:T) RETURN t.id, t.batch, t.v', {}, '/stream');
    if (answer.ok) this.log.wrong.push(...this.#written.verifyWhole(toRows(answer.body.rows), 'T'));
  }

  async #import(): Promise<void> {
    const batch = this.#nextImport++;
    const value = this.#nextValue++;
    const lines = this.#imported.idsOf(batch).map((id) => `${id},${batch},${value}\n`);
    const path = `/v1/graphs/${this.graphId}/tables/I/import`;
    await this.#imported.write(batch, value, async () =>
      outcomeOf(await this.log.send('import', path, lines.join(''), 'text/csv')),
    );
    await this.#pause('import', 500 + this.#random() * 1_500);
  }

  /** Makes and drops tables. */
  async #define(): Promise<void> {
    const table = Math.floor(this.#random() * passingTables);
    const isThere = this.#tables.stateOf(table) !== undefined;
    const statement = isThere ? `DROP TABLE D${table}` : `CREATE NODE TABLE D${table}(id INT64 PRIMARY KEY)`;
    if (this.#tables.unknown > 0) this.log.wrong.push(...(await this.#wrongTables()));
    else {
      await this.#tables.write(table, isThere ? undefined : 1, async () =>
        outcomeOf(await this.#execute('define', statement, {})),
      );
    }
    await this.#pause('define', this.#random() * 1_000);
  }

  async #pause(name: string, ms: number): Promise<void> {
    const pause = new AbortController();
    this.#pauses.set(name, pause);
    if (!this.#isStopped) await setTimeout(ms, undefined, { signal: pause.signal }).catch(() => {});
  }

  /** The tables that come and go. */
  async #wrongTables(): Promise<string[]> {
    const schema = await this.log.send('schema', `/v1/graphs/${this.graphId}/schema`);
    if (!schema.ok) return [];
    const names = new Set(schema.body.nodeTables.map(({ name }: { name: string }) => name));
    const found: FoundRow[] = [];
    for (let table = 0; table < passingTables; table++) {
      if (names.has(`D${table}`)) found.push({ id: table, batch: table, value: 1 });
    }
    return this.#tables.verify(found, 'tables');
  }

  async #rows(table: 'T' | 'I'): Promise<FoundRow[]> {
    const answer = await this.#query('verify', `MATCH (t:${table}) RETURN t.id, t.batch, t.v`, {}, '/stream');
    if (!answer.ok) throw new Error(`the graph cannot be read: ${answer.reason}`);
    return toRows(answer.body.rows);
  }

  /** The primary key's index and the relationships in both directions tell the same as the scan. */
  async #wrongIndexes(rows: readonly FoundRow[]): Promise<string[]> {
    const wrong: string[] = [];
    const last = this.#nextBatch * this.#written.rowsPerBatch;
    const found = new Set(rows.map(({ id }) => id));
    for (let i = 0; i < 50; i++) {
      const id = Math.floor(this.#random() * last);
      const answer = await this.#query('verify', 'MATCH (t:T {id: $id}) RETURN count(t)', { id });
      const count = answer.ok ? answer.body.rows[0][0] : answer.reason;
      if (count !== (found.has(id) ? 1 : 0)) wrong.push(`T: the index finds row ${id} ${count} times`);
    }
    const links = (found.size / this.#written.rowsPerBatch) * 2;
    for (const pattern of ['(a:T)-[l:L]->(b:T)', '(b:T)<-[l:L]-(a:T)']) {
      const answer = await this.#query(
        'verify',
        `MATCH ${pattern} WHERE a.id + 1 = b.id RETURN count(l)`,
        {},
      );
      const count = answer.ok ? answer.body.rows[0][0] : answer.reason;
      if (count !== links) wrong.push(`L: ${pattern} has ${count} relationships, ${links} belong there`);
    }
    return wrong;
  }

  #execute(kind: string, statement: string, parameters: object): Promise<CallOutcome> {
    return this.log.post(kind, `/v1/graphs/${this.graphId}/execute`, { statement, parameters });
  }

  #query(kind: string, statement: string, parameters: object, way = ''): Promise<CallOutcome> {
    return this.log.post(kind, `/v1/graphs/${this.graphId}/query${way}`, { statement, parameters });
  }
}

function outcomeOf(answer: CallOutcome): WriteOutcome {
  if (answer.ok) return 'acknowledged';
  return answer.reason === 'OUTCOME_UNKNOWN' || answer.reason.startsWith('NO_ANSWER') ? 'unknown' : 'refused';
}

function toRows(rows: readonly (readonly number[])[]): FoundRow[] {
  return rows.map(([id = -1, batch = -1, value = -1]) => ({ id, batch, value }));
}
