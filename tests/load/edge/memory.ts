/**
 * What the edge holds: per idle connection and stream, of streams and uploads that one side does not read, and after
 * hundreds of thousands of calls. The real edge in a process of its own; clients and service are in this one, so that
 * they can count. Fails where a bound is broken. `npm run bench:memory`; options: --minutes <of the soak>,
 * --only idle|readers|uploads|soak.
 */
import { parseArgs } from 'node:util';
import { formatApiKey, generateApiKey } from '../../../services/mesh/credential/api-key.ts';
import type { Bench } from './memory/bench.ts';
import { startEdgeProcess } from './memory/edge-process.ts';
import { idleHead, measureIdle } from './memory/idle.ts';
import { measureSlowReaders, slowReaderHead } from './memory/slow-readers.ts';
import { measureSmallPieces, measureUploads, smallPiecesHead, uploadHead } from './memory/slow-uploads.ts';
import { checkNothingIsLeft, soak, soakHead, warmUp } from './memory/soak.ts';
import { startUpstream } from './memory/upstream.ts';
import { stopAll } from './processes.ts';
import { toMarkdown } from './report.ts';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '6' }, only: { type: 'string', default: '' } },
});

const broken: string[] = [];
try {
  const upstream = await startUpstream();
  const apiKey = formatApiKey(generateApiKey());
  const edge = await startEdgeProcess(upstream.port, apiKey);
  const bench: Bench = { edge, upstream, apiKey, fail: (what) => broken.push(what) };
  await warmUp(bench);
  const first = await edge.memory();
  const isWanted = (part: string) => part.startsWith(values.only);
  const print = (head: readonly string[], lines: readonly string[][]) =>
    console.log(`\n${toMarkdown(head, lines)}\n`);
  if (isWanted('idle')) print(idleHead, await measureIdle(bench));
  if (isWanted('readers')) print(slowReaderHead, await measureSlowReaders(bench));
  if (isWanted('uploads')) {
    print(uploadHead, await measureUploads(bench));
    print(smallPiecesHead, await measureSmallPieces(bench));
  }
  if (isWanted('soak')) print(soakHead, await soak(bench, Number(values.minutes)));
  await checkNothingIsLeft(bench, first);
} catch (error) {
  broken.push(error instanceof Error ? `${error.stack}` : String(error));
} finally {
  await stopAll();
}
for (const what of broken) console.error(`!!! ${what}`);
process.exit(broken.length > 0 ? 1 : 0);
