import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runOk } from './program.ts';
import { pathOf, tools } from './tool.ts';

const source = fileURLToPath(new URL('go', import.meta.url));
const protoRoot = fileURLToPath(new URL('../../proto', import.meta.url));
const buf = fileURLToPath(new URL('../../node_modules/.bin/buf', import.meta.url));

/** What building a Go client needs. */
export const goTools = [tools.go, tools.protocGenGo, tools.protocGenGoGrpc, tools.protocGenConnectGo];

/** A built program. */
export interface GoClient {
  readonly path: string;
  remove(): Promise<void>;
}

/** Builds a program of `tests/interop/go` in a directory of its own, with stubs from the .proto files alone. */
export async function buildGoClient(name: string): Promise<GoClient> {
  const directory = await mkdtemp(join(tmpdir(), 'trellis-interop-go-'));
  await cp(source, directory, { recursive: true });
  const plugins = dirname(pathOf(tools.protocGenGo));
  await runOk(
    buf,
    ['generate', protoRoot, ...['trellis', 'buf'].flatMap((path) => ['--path', join(protoRoot, path)])],
    { directory, env: { PATH: `${plugins}${delimiter}${process.env.PATH}` } },
  );
  // With -trimpath, Go's build cache serves this directory with what another one built.
  const path = join(directory, 'bin', name);
  await runOk(pathOf(tools.go), ['build', '-trimpath', '-o', path, `./${name}`], { directory });
  return { path, remove: () => rm(directory, { recursive: true }) };
}
