import { expect, it } from 'vitest';
import { fc } from '../properties.testing.ts';
import { errorCode } from './frame.ts';
import type { Fields, Stream } from './stream.ts';
import { bothRoles, StreamLog, type TestClient, type TestServer } from './testing.ts';

type Side = 'client' | 'server';
type Step = { readonly do: string; readonly side: Side; readonly of: number; readonly bytes: number };

const side = fc.constantFrom<Side>('client', 'server');
const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom(
    'open',
    'open',
    'write',
    'write',
    'write',
    'end',
    'trailers',
    'pause',
    'resume',
    'reset',
    'turn',
  ),
  side,
  of: fc.nat(20),
  bytes: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 90_000 })),
});

const pattern = Buffer.from(Array.from({ length: 251 * 1_000 }, (_, index) => index % 251));

function patternAt(at: number, bytes: number): Buffer {
  return pattern.subarray(at % 251, (at % 251) + bytes);
}

/** What one side of a call did and heard. */
class End {
  readonly stream: Stream;
  readonly log = new StreamLog();
  written = 0;
  isEnded = false;
  isReset = false;
  isBroken = false;

  constructor(stream: Stream) {
    this.stream = stream;
    this.listen(stream);
  }

  listen(stream: Stream): void {
    stream.listener = this.log;
    this.log.onData = (chunk) => {
      if (!chunk.equals(patternAt(this.log.bytes, chunk.length))) this.isBroken = true;
      this.log.bytes += chunk.length;
    };
  }

  write(bytes: number): void {
    if (!this.isEnded) this.stream.write(patternAt(this.written, bytes));
    if (!this.isEnded && !this.stream.isClosed) this.written += bytes;
  }

  end(trailers?: Fields): void {
    this.stream.end(trailers);
    this.isEnded = true;
  }
}

interface Call {
  readonly client: End;
  server: End | undefined;
}

it('carries what is written, whole and in order, within the windows, and frees it all', async () => {
  const windows = fc.record({
    streamWindowBytes: fc.integer({ min: 65_535, max: 200_000 }),
    connectionWindowBytes: fc.integer({ min: 65_535, max: 300_000 }),
    isCreditedAtOnce: fc.boolean(),
  });
  const steps = fc.array(step, { minLength: 5, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(windows, steps, async (changed, all) => {
      const calls: Call[] = [];
      const { client, server } = bothRoles(({ stream, isWhole }) => {
        const call = calls[(stream.id - 1) / 2] as Call;
        call.server = new End(stream);
        if (isWhole) call.server.log.onEnd();
        stream.sendFields([':status', '200'], false);
      }, changed);
      for (const one of all) await take(one, calls, client);
      await finish(calls, client, server);
      for (const call of calls) check(call);
      expect([client.bugs, server.bugs, client.isClosed, server.isClosed]).toEqual([[], [], false, false]);
    }),
    { numRuns: 500 },
  );
});

async function take(one: Step, calls: Call[], client: TestClient): Promise<void> {
  if (one.do === 'turn') return new Promise((resolve) => setImmediate(resolve));
  if (one.do === 'open') {
    calls.push({ client: new End(client.request().stream), server: undefined });
    return;
  }
  const end = calls[one.of % Math.max(calls.length, 1)]?.[one.side];
  if (!end) return;
  if (one.do === 'write') end.write(one.bytes);
  else if (one.do === 'end') end.end();
  else if (one.do === 'trailers') end.end(['x-last', '1']);
  else if (one.do === 'pause') end.stream.pause();
  else if (one.do === 'resume') end.stream.resume();
  else {
    if (!end.stream.isClosed) end.isReset = true;
    end.stream.reset(errorCode.cancel);
  }
}

/** All calls go on to their ends. Every turn moves at least a frame; far more turns than that mean that one hangs. */
async function finish(calls: readonly Call[], client: TestClient, server: TestServer): Promise<void> {
  await client.settled();
  for (const call of calls) {
    for (const end of [call.client, call.server]) end?.stream.resume();
    call.client.end();
  }
  const isDone = () => client.connection.streamCount + server.connection.streamCount === 0;
  for (let turn = 0; turn < 500 && !isDone(); turn++) {
    await client.settled();
    for (const call of calls) {
      if (call.server && (call.server.log.isEnded || call.server.log.reset)) call.server.end();
    }
  }
  expect([client.connection.streamCount, server.connection.streamCount]).toEqual([0, 0]);
}

function check({ client, server }: Call): void {
  const wasReset = client.isReset || server?.isReset;
  expect([client.isBroken, server?.isBroken ?? false]).toEqual([false, false]);
  if (wasReset) return;
  // The server's end is the end: what the client still says then is cut off, by NO_ERROR.
  expect(client.log.bytes).toBe(server?.written);
  expect(client.log.isEnded).toBe(true);
  expect(client.log.reset?.code ?? errorCode.noError).toBe(errorCode.noError);
  if (server?.log.isEnded) expect(server.log.bytes).toBe(client.written);
  else expect(server?.log.bytes).toBeLessThanOrEqual(client.written);
}
