/**
 * One misbehaving tenant, a process of its own: `offender.ts <what> <url> <api key> <graph id>`. Goes on until
 * SIGTERM, then prints what it was answered, and how often, as JSON on a second line; with it the MiB that it read of
 * streams, for few of them may be over by then.
 */
import { once } from 'node:events';
import { connect } from 'node:http2';
import { setTimeout } from 'node:timers/promises';
import { streamByGrpc } from '../graph/requests.ts';

const thousands = ['x', 'y', 'z'].map((name) => `UNWIND range(1, 5000) AS ${name}`).join(' ');
/** Takes all cores that it is given until its time is over, and little memory. */
const endless = `${thousands} RETURN sum(x * y + z)`;
/** Takes memory that no pool bounds, as fast as it can, until the process has more than it may. */
const swelling = 'RETURN size(range(1, 100000000))';
const million = 'UNWIND range(1, 1000000) AS i RETURN i, i * 2 AS j, cast(i AS STRING) AS s';
/** Takes all of the pool. */
const greedy =
  "UNWIND range(1, 10000) AS i UNWIND range(1, 10000) AS j WITH collect(repeat('x', 400)) AS texts RETURN size(texts)";
/** Gathers what no pool bounds, until the process has more than it may. */
const boundless =
  'UNWIND range(1, 10000) AS i UNWIND range(1, 10000) AS j RETURN i * j AS x ORDER BY x DESC LIMIT 99999999';

const [what = '', url = '', apiKey = '', graphId = ''] = process.argv.slice(2);
const answers = new Map<string, number>();
let bytesRead = 0;
let isOver = false;

const post = async (path: string, statement: string, read: (answer: Response) => Promise<string>) => {
  const response = await fetch(`${url}/v1/graphs/${graphId}/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ statement }),
  });
  return read(response);
};

/** The reason of an error, or that there was none. */
const toReason = async (response: Response): Promise<string> => {
  const { error } = (await response.json()) as { error?: { reason: string } };
  return error?.reason ?? 'answered';
};

/** Reads a stream to its end, with a pause after each piece. */
const drain = (pauseMs: number) => async (response: Response) => {
  let end = '';
  for await (const chunk of response.body ?? []) {
    bytesRead += chunk.length;
    end = (end + Buffer.from(chunk).toString()).slice(-2_000);
    if (isOver) break;
    if (pauseMs > 0) await setTimeout(pauseMs);
  }
  return /"reason":"(\w+)"/.exec(end)?.[1] ?? 'answered';
};

/** Streams over gRPC with a pause after each piece, and reads nothing but how it ends. */
const streamGrpc = async (statement: string, pauseMs: number): Promise<string> => {
  const session = connect(url);
  session.on('error', () => {});
  try {
    const { path, headers, body } = streamByGrpc(graphId, statement, apiKey);
    const request = session.request({ ':method': 'POST', ':path': path, ...headers });
    const ended = once(request, 'trailers');
    ended.catch(() => {});
    request.end(body);
    for await (const chunk of request) {
      bytesRead += chunk.length;
      if (isOver) return 'left';
      if (pauseMs > 0) await setTimeout(pauseMs);
    }
    const [{ 'grpc-status': status }] = await ended;
    return status === '0' ? 'answered' : `status ${status}`;
  } finally {
    session.destroy();
  }
};

const kinds: Readonly<Record<string, readonly [number, () => Promise<string>]>> = {
  'crash loop': [2, () => post('query', 'MATCH (t:T) RETURN count(t)', toReason)],
  'endless queries': [16, () => post('query', endless, toReason)],
  'swelling queries': [16, () => post('query', swelling, toReason)],
  'huge results, read fast': [4, () => post('query/stream', million, drain(0))],
  'huge results, read slowly': [8, () => post('query/stream', million, drain(100))],
  'huge results over gRPC, read fast': [4, () => streamGrpc(million, 0)],
  'huge results over gRPC, read slowly': [8, () => streamGrpc(million, 100)],
  'results too large': [4, () => post('query', 'UNWIND range(1, 200000) AS i RETURN i', toReason)],
  'full disk': [
    2,
    () => {
      const id = Math.floor(Math.random() * 2 ** 50);
      // The engine keeps equal texts once.
      return post('execute', `CREATE (:T {id: ${id}, name: repeat('${id} ', 60000)})`, toReason);
    },
  ],
  'pool exhaustion': [2, () => post('query', greedy, toReason)],
  'memory exhaustion': [2, () => post('query/stream', boundless, drain(0))],
};

const kind = kinds[what];
if (!kind) throw new Error(`one of: ${Object.keys(kinds).join(', ')}`);
const [atATime, call] = kind;
process.on('SIGTERM', () => {
  isOver = true;
  if (bytesRead > 0) answers.set('MiB', Math.round(bytesRead / 1024 ** 2));
  process.stdout.write(JSON.stringify(Object.fromEntries(answers)), () => process.exit(0));
});
process.stdout.write('ready\n');
const worker = async () => {
  while (!isOver) {
    const answer = await call().catch((error: Error) => `no answer: ${error.message}`);
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    await setTimeout(answer === 'answered' ? 0 : 20);
  }
};
await Promise.all(Array.from({ length: atATime }, worker));
