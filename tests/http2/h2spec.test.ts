import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type Served, TestServer } from '../../services/mesh/http2/testing.ts';
import { cacheDirectory, describeWith, pathOf, type Tool } from '../interop/tool.ts';

const program = join(cacheDirectory, 'bin/h2spec');
const h2spec: Tool = {
  path: existsSync(program) ? program : undefined,
  source: `${program} (run tests/http2/install)`,
};
const answer = Buffer.alloc(4_096, 'a');

describeWith([h2spec], 'h2spec', () => {
  it('finds nothing that HTTP/2 does not allow, its strict cases included', async () => {
    const servers: TestServer[] = [];
    const listener = createServer({ noDelay: true }, (socket) => servers.push(new TestServer(socket, serve)));
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const { port } = listener.address() as { port: number };
    const output = await run(pathOf(h2spec), ['-h', '127.0.0.1', '-p', String(port), '--strict', '-o', '5']);
    listener.close();
    expect(output).toMatch(/146 tests, 146 passed, 0 skipped, 0 failed/);
    expect(servers.length).toBeGreaterThan(100);
    expect(servers.flatMap(({ bugs }) => bugs)).toEqual([]);
  });
});

/** Reads a request whole before it answers: so its stream is half open for long enough to be tested. */
function serve({ stream, log, isWhole }: Served): void {
  const respond = () => {
    stream.sendFields([':status', '200', 'content-length', String(answer.length)], false);
    stream.write(answer);
    stream.end();
  };
  if (isWhole) respond();
  log.onEnd = respond;
  log.onFields = respond;
}

/** What a program prints; its exit code is the count of failures, which it prints too. */
function run(path: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => execFile(path, args, (_error, stdout, stderr) => resolve(stdout + stderr)));
}
