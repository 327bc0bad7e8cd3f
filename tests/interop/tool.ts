import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { describe, it } from 'vitest';

/** Where `tests/interop/install` puts what Debian does not package. */
export const cacheDirectory =
  process.env.TRELLIS_INTEROP_CACHE ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'trellis-interop');

/** A program that this project does not bring along. */
export interface Tool {
  /** Where it is; undefined where this machine lacks it. */
  readonly path: string | undefined;
  /** How to get it. */
  readonly source: string;
}

const fromInstall = (path: string): Tool => ({
  path: isExecutable(join(cacheDirectory, path)) ? join(cacheDirectory, path) : undefined,
  source: `${path} in ${cacheDirectory} (run tests/interop/install)`,
});

const onPath = (name: string, source: string): Tool => ({
  path: (process.env.PATH ?? '')
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find(isExecutable),
  source: `${name} (${source})`,
});

/** The foreign programs. */
export const tools = {
  curl: onPath('curl', 'Debian package curl'),
  chromium: onPath('chromium', 'Debian package chromium'),
  go: onPath('go', 'the Go toolchain, as new as tests/interop/go/go.mod says'),
  grpcurl: fromInstall('bin/grpcurl'),
  protocGenGo: fromInstall('bin/protoc-gen-go'),
  protocGenGoGrpc: fromInstall('bin/protoc-gen-go-grpc'),
  protocGenConnectGo: fromInstall('bin/protoc-gen-connect-go'),
  python: fromInstall('venv/bin/python'),
} satisfies Record<string, Tool>;

/**
 * Tests that need foreign programs. Where one is missing, they fail in CI, which has to have it, and are skipped
 * elsewhere, which has to be seen.
 */
export function describeWith(needed: readonly Tool[], name: string, body: () => void): void {
  const missing = needed.filter(({ path }) => path === undefined).map(({ source }) => source);
  if (missing.length === 0) return void describe(name, body);
  const message = `${name}: missing ${missing.join(', ')}`;
  if (process.env.CI === 'true') {
    describe(name, () => {
      it('has the programs that it needs', () => {
        throw new Error(message);
      });
    });
    return;
  }
  console.warn(`SKIPPED ${message}`);
  describe.skip(name, body);
}

/** The path of a tool within tests that were described with it. */
export function pathOf(tool: Tool): string {
  if (tool.path === undefined) throw new Error(`missing ${tool.source}`);
  return tool.path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
