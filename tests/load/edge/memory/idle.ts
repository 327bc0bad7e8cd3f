import { once } from 'node:events';
import { connect } from 'node:net';
import { addressOf, type Bench, inBatches, kibibytes, mebibytes } from './bench.ts';
import { restBytesMax } from './bounds.ts';
import { Http1Call } from './http1-client.ts';
import { Http2Client } from './http2-client.ts';
import { ownBytesOf } from './own-bytes.ts';
import { grpcQuery, grpcStream, restQuery, restStream } from './requests.ts';
import { untilGone } from './slow-readers.ts';

const count = 1_000;
/** What Node and V8 keep in reserve after the first thousand is no growth: the second time counts. */
const rounds = 2;

interface Closable {
  close(): void;
}

/** A thousand of something that is open and does nothing. Each has served a call, or has begun to. */
interface IdleKind {
  readonly name: string;
  open(bench: Bench): Promise<readonly Closable[]>;
}

const idle = { kind: 'idle' } as const;
const answer = { kind: 'answer' } as const;

const kinds: readonly IdleKind[] = [
  {
    name: 'TCP connections that say nothing',
    open: (bench) => inBatches(count, (n) => openSocket(bench, n)),
  },
  { name: 'HTTP/1.1 keep-alive connections', open: (bench) => inBatches(count, (n) => openHttp1(bench, n)) },
  { name: 'HTTP/2 connections', open: (bench) => inBatches(count, (n) => openHttp2(bench, n)) },
  {
    name: 'connections, half HTTP/1.1, half HTTP/2',
    open: (bench) => inBatches<Closable>(count, (n) => (n % 2 === 0 ? openHttp1 : openHttp2)(bench, n)),
  },
  {
    name: 'gRPC streams over 10 connections',
    open: async (bench) => {
      const clients = await inBatches(10, (n) => openHttp2(bench, n));
      await inBatches(count, async (n) => clients[n % 10]?.call(grpcStream(idle)).begun);
      return clients;
    },
  },
  {
    name: 'gRPC streams over 1,000 connections',
    open: (bench) =>
      inBatches(count, async (n) => {
        const client = await openHttp2(bench, n);
        await client.call(grpcStream(idle)).begun;
        return client;
      }),
  },
  {
    name: 'NDJSON streams over 1,000 connections of HTTP/1.1',
    open: ({ edge: { port }, apiKey }) =>
      inBatches(count, async (n) => {
        const call = await Http1Call.open(restStream(idle), { port, apiKey, address: addressOf(n) });
        await call.readSome(1);
        return call;
      }),
  },
];

async function openSocket({ edge: { port } }: Bench, n: number): Promise<Closable> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: addressOf(n) });
  await once(socket, 'connect');
  return { close: () => socket.destroy() };
}

async function openHttp1({ edge: { port }, apiKey }: Bench, n: number): Promise<Http1Call> {
  const call = await Http1Call.open(restQuery(answer), { port, apiKey, address: addressOf(n) });
  await call.readSome(1);
  return call;
}

async function openHttp2({ edge: { port }, apiKey }: Bench, n: number): Promise<Http2Client> {
  const client = await Http2Client.open({ port, apiKey, address: addressOf(n) });
  await client.call(grpcQuery(answer)).ended;
  return client;
}

export const idleHead = [
  '1,000 idle',
  'RSS in all',
  'heap',
  'outside of the heap',
  'each',
  'left when they are closed',
];

/** Memory of idle connections and streams, each kind above what the edge held before it. */
export async function measureIdle(bench: Bench): Promise<string[][]> {
  const { edge } = bench;
  const first = await edge.memory();
  const lines = [['nothing', first.rssBytes, first.heapBytes, first.externalBytes].map(toCell)];
  for (const kind of kinds) {
    let line: string[] = [];
    for (let round = 1; round <= rounds; round++) line = await measureKind(bench, kind, round === rounds);
    lines.push(line);
  }
  return lines.map((line) => [...line, ...Array(idleHead.length - line.length).fill('–')]);
}

async function measureKind(bench: Bench, { name, open }: IdleKind, isLast: boolean): Promise<string[]> {
  const { edge, fail } = bench;
  const base = await edge.memory();
  const opened = await open(bench);
  const used = await edge.memory();
  for (const each of opened) each.close();
  await untilGone(bench);
  const left = ownBytesOf(await edge.memory()) - ownBytesOf(base);
  if (isLast && left > restBytesMax) fail(`${name}: ${mebibytes(left)} stay behind when they are closed`);
  return [
    name,
    ...[used.rssBytes, used.heapBytes - base.heapBytes, used.externalBytes - base.externalBytes].map(
      mebibytes,
    ),
    kibibytes((ownBytesOf(used) - ownBytesOf(base)) / count),
    mebibytes(left),
  ];
}

function toCell(value: string | number): string {
  return typeof value === 'string' ? value : mebibytes(value);
}
