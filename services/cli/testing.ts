import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { run } from './program.ts';
import type { Input, Terminal } from './terminal.ts';

/** A request as the fake mesh got it. */
export interface SeenRequest {
  /** Such as `POST /v1/graphs`. */
  readonly call: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the fake mesh answers: JSON, or a text as it is. `isCut` breaks the connection after it. */
export interface FakeAnswer {
  readonly status?: number;
  readonly json?: unknown;
  readonly text?: string;
  readonly location?: string;
  readonly isCut?: boolean;
}

/** An HTTP server that answers as it is told and remembers what it was asked. It ends with the test. */
export async function startFakeMesh(
  answer: (request: SeenRequest) => FakeAnswer,
): Promise<{ readonly url: string; readonly seen: SeenRequest[] }> {
  const seen: SeenRequest[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const each = { call: `${request.method} ${request.url}`, headers: request.headers, body };
    seen.push(each);
    const { status = 200, json, text: plain, location, isCut } = answer(each);
    response.writeHead(status, { 'content-type': 'application/json', ...(location && { location }) });
    const content = plain ?? JSON.stringify(json);
    if (isCut) response.write(content, () => response.destroy());
    else response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

/** An error answer of the mesh. */
export function failure(status: number, reason: string, message: string, details: object[] = []): FakeAnswer {
  return { status, json: { error: { code: status, reason, message, details, requestId: 'req-1' } } };
}

/** An empty directory that is removed after the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'trellis-cli-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Input;
  /** Stdout and stderr are terminals. */
  readonly isTTY?: boolean;
  readonly nowMs?: number;
}

/** Runs a command line in this process and gives back what a shell would see. */
export async function runCli(args: readonly string[], options: RunOptions = {}) {
  const { env = {}, stdin = '', isTTY = false, nowMs = 0 } = options;
  const [stdout, stderr] = [capture(isTTY), capture(isTTY)];
  const terminal: Terminal = {
    stdin: typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout: stdout.sink,
    stderr: stderr.sink,
    env: { TRELLIS_PROFILE: '/nonexistent/profile.json', ...env },
    clock: () => nowMs,
  };
  const code = await run(args, terminal);
  return { code, stdout: stdout.written(), stderr: stderr.written() };
}

function capture(isTTY: boolean) {
  const chunks: string[] = [];
  const sink = Object.assign(new PassThrough(), { isTTY });
  sink.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  return { sink, written: () => chunks.join('') };
}
