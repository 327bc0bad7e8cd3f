import { fromBinary } from '@bufbuild/protobuf';
import { StreamQueryResponseSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { askOnce, timeOnce } from './load.ts';
import { withCpu } from './processes.ts';
import type { Plan, Subject } from './queries.ts';
import { median, printTable } from './report.ts';
import type { Asked } from './requests.ts';
import { streamRows } from './statements.ts';

/** Measures a long stream through the mesh beside the engine's own fastest iteration. Prints a table. */
export async function compareStream(
  { bare, port, roles }: Subject,
  { rounds }: Plan,
  statement: string,
  asked: Asked,
): Promise<void> {
  const answer = await askOnce(asked, port);
  requireRows(answer);
  const iterations: { readonly statementMs: number; readonly readingMs: number }[] = [];
  const streams: {
    readonly ms: number;
    readonly edge: number;
    readonly engine: number;
    readonly load: number;
  }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const iteration = await bare.iterate(statement);
    if (iteration.rows !== streamRows) throw new Error('the engine gave another number of rows');
    iterations.push(iteration);
    const { result: ms, cpu } = await withCpu(roles, () => timeOnce(asked, port, answer.length));
    streams.push({ ms, ...cpu });
  }
  const { statementMs, readingMs } = median(iterations, (one) => one.statementMs + one.readingMs);
  const { ms, edge, engine, load } = median(streams, (one) => one.ms);
  const bareMs = statementMs + readingMs;
  const perSecond = (took: number) => Math.round((streamRows / took) * 1_000);
  console.log(
    `\n## A stream of ${streamRows} rows\n\`${statement}\`; ${rounds} interleaved rounds, median; ${(answer.length / 2 ** 20).toFixed(1)} MiB on the wire. Statement and reading together; the last column compares with the reading alone.\n`,
  );
  printTable(
    ['way', 'ms', 'rows/s', 'ratio', 'ratio to the reading alone'],
    [
      [
        `engine in process: ${statementMs.toFixed(0)} ms statement, ${readingMs.toFixed(0)} ms getNextSync in slices`,
        bareMs.toFixed(0),
        perSecond(bareMs),
        '1.00',
        (readingMs / bareMs).toFixed(2),
      ],
      ['edge, gRPC', ms.toFixed(0), perSecond(ms), (bareMs / ms).toFixed(2), (readingMs / ms).toFixed(2)],
    ],
  );
  const cpuMs = [edge, engine, load].map((micros) => (micros / 1_000).toFixed(0));
  console.log(
    `\nCPU ms of a stream: edge ${cpuMs[0]}, engine process ${cpuMs[1]}, load generator ${cpuMs[2]}.`,
  );
}

/** Reads a whole answer once, as a client would, so that later ones need only be as long. */
function requireRows(answer: Buffer): void {
  let rows = 0;
  let done: number | undefined;
  for (let at = 0; at < answer.length; ) {
    const end = at + 5 + answer.readUInt32BE(at + 1);
    const message = fromBinary(StreamQueryResponseSchema, answer.subarray(at + 5, end));
    rows += message.rows.length;
    done = message.done?.rowCount ?? done;
    at = end;
  }
  if (rows !== streamRows || done !== streamRows)
    throw new Error(`the stream had ${rows} rows, done said ${done}`);
}
