import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The programs that the suite consists of. */
export type SuiteProgram = 'connectconformance' | 'referenceserver' | 'referenceclient';

const modulePath = 'connectrpc.com/conformance';
const installTimeoutMs = 600_000;
const root = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

/** The pinned version of the Connect conformance suite. */
export const suiteVersion = 'v1.0.5';
/** Where the suite, its descriptors, logs and baseline are kept: outside the repository's files. */
export const suiteDirectory = join(root, 'node_modules', '.cache', `conformance-${suiteVersion}`);
/** The suite's .proto files as a `FileDescriptorSet`. */
export const descriptorsPath = join(suiteDirectory, 'descriptors.binpb');

/** The path of an installed program. */
export function programPath(program: SuiteProgram): string {
  return join(suiteDirectory, program);
}

/** Installs the suite once, with Go's own client; later runs find it. Needs Go on the machine. */
export async function installSuite(): Promise<void> {
  if (existsSync(descriptorsPath)) return;
  console.log(`installing ${modulePath} ${suiteVersion}, once`);
  await mkdir(suiteDirectory, { recursive: true });
  const options = {
    cwd: suiteDirectory,
    env: { ...process.env, GOBIN: suiteDirectory },
    timeout: installTimeoutMs,
  };
  await run('go', ['install', `${modulePath}/cmd/...@${suiteVersion}`], options);
  const download = await run('go', ['mod', 'download', '-json', `${modulePath}@${suiteVersion}`], options);
  const { Dir: source } = JSON.parse(download.stdout) as { Dir: string };
  // Last: the descriptors are the mark that the suite is complete.
  const buf = join(root, 'node_modules', '.bin', 'buf');
  const build = ['build', join(source, 'proto'), '--as-file-descriptor-set', '--output', descriptorsPath];
  await run(buf, build, options);
}
