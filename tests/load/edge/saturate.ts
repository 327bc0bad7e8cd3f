import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { streamEnvelopeBytes } from './messages.ts';
import { loadCore, runOn } from './processes.ts';
import type { Way } from './ways.ts';

const http2 = { connections: 8, streamsPerConnection: 8 };
const stream = { connections: 4, streamsPerConnection: 2 };
const http1Connections = 64;

export const loadWords =
  `h2load with ${http2.connections} connections of ${http2.streamsPerConnection} calls ` +
  `(streams: ${stream.connections} of ${stream.streamsPerConnection}), wrk with ${http1Connections} connections`;

export interface SaturateOptions {
  readonly name: string;
  readonly way: Way;
  readonly port: number;
  readonly apiKey: string;
  readonly seconds: number;
  /** Bytes in the body of a right answer. A wrong one has another length, whatever its status. */
  readonly answerBytes: number;
  /** Where files for the load generators may be written. */
  readonly directory: string;
}

/** What a load generator counted. */
export interface Saturated {
  /** Requests; messages of streams. */
  readonly count: number;
  readonly perSecond: number;
}

/** Loads a server as much as it takes. Throws where any request failed. */
export function saturate(options: SaturateOptions): Promise<Saturated> {
  return options.way.version === 'http2' ? runH2load(options) : runWrk(options);
}

async function runH2load(options: SaturateOptions): Promise<Saturated> {
  const { name, way, port, apiKey, seconds, directory } = options;
  const body = join(directory, 'request-body');
  await writeFile(body, way.body);
  const { connections, streamsPerConnection } = way.isStream ? stream : http2;
  const headers = Object.entries({ ...way.headers, authorization: `Bearer ${apiKey}` });
  const output = await runOn(loadCore, [
    'h2load',
    ...['-c', String(connections), '-m', String(streamsPerConnection), '-D', String(seconds), '-d', body],
    ...headers.flatMap(([key, value]) => ['-H', `${key}: ${value}`]),
    `http://127.0.0.1:${port}${way.path}`,
  ]);
  const read = (pattern: RegExp): number[] => {
    const found = pattern.exec(output);
    if (!found) throw new Error(`${name}: h2load prints something unknown:\n${output}`);
    return found.slice(1).map(Number);
  };
  const [started = 0, done = 0, succeeded, failed, errored, timeout] = read(
    /(\d+) started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/,
  );
  const statuses = read(/status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/);
  const [bytes = 0] = read(/\((\d+)\) data/);
  const isClean = [failed, errored, timeout, ...statuses].every((count) => count === 0);
  // A failure in gRPC's trailers has status 200 and no body. What was under way at the end may have come in part.
  const isWhole = bytes >= done * options.answerBytes && bytes <= started * options.answerBytes;
  if (!isClean || !isWhole || done === 0 || succeeded !== done)
    throw new Error(`${name}: requests failed (an answer has ${options.answerBytes} bytes):\n${output}`);
  const count = way.isStream ? Math.floor(bytes / streamEnvelopeBytes) : done;
  return { count, perSecond: count / seconds };
}

async function runWrk(options: SaturateOptions): Promise<Saturated> {
  const { name, way, port, apiKey, seconds, answerBytes, directory } = options;
  const script = join(directory, 'request.lua');
  await writeFile(script, toLua(way, apiKey));
  const command = ['wrk', '-t1', `-c${http1Connections}`, `-d${seconds}s`, '-s', script];
  const output = await runOn(loadCore, [...command, `http://127.0.0.1:${port}`]);
  const [, counts = ''] = /^counts (.*)$/m.exec(output) ?? [];
  const [requests = 0, micros = 0, bytes = 0, ...errors] = counts.split(' ').map(Number);
  const isClean = errors.length === 5 && errors.every((count) => count === 0);
  if (!isClean || requests === 0 || bytes < requests * answerBytes)
    throw new Error(`${name}: requests failed (an answer has ${answerBytes} bytes):\n${output}`);
  return { count: requests, perSecond: (requests * 1e6) / micros };
}

/** JSON text is Lua text, as long as it is plain ASCII. */
function toLua({ path, headers, body }: Way, apiKey: string): string {
  const all = Object.entries({ ...headers, authorization: `Bearer ${apiKey}` });
  return `
wrk.method = "POST"
wrk.path = ${JSON.stringify(path)}
wrk.body = ${JSON.stringify(Buffer.from(body).toString('ascii'))}
${all.map(([key, value]) => `wrk.headers[${JSON.stringify(key)}] = ${JSON.stringify(value)}`).join('\n')}
done = function(summary)
  local errors = summary.errors
  print(string.format("counts %d %d %d %d %d %d %d %d", summary.requests, summary.duration, summary.bytes,
    errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
`;
}
