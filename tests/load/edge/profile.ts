import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const filesShown = 25;
const functionsShown = 4;
const root = fileURLToPath(new URL('../../..', import.meta.url));

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where the time of the CPU profiles in a directory went: files by self time, with their top functions. */
export async function describeProfiles(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.cpuprofile'));
  if (names.length === 0) throw new Error(`no profile was written to ${directory}`);
  const files = new Map<string, Map<string, number>>();
  for (const name of names) {
    const { nodes, samples, timeDeltas } = JSON.parse(
      await readFile(join(directory, name), 'utf8'),
    ) as CpuProfile;
    const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
    samples.forEach((id, i) => {
      const { functionName = '', url = '', lineNumber = 0 } = frames.get(id) ?? {};
      if (functionName === '(idle)') return;
      const functions = files.get(toFile(url)) ?? new Map<string, number>();
      const key = url ? `${functionName || '(anonymous)'}:${lineNumber + 1}` : functionName;
      functions.set(key, (functions.get(key) ?? 0) + (timeDeltas[i] ?? 0));
      files.set(toFile(url), functions);
    });
  }
  return toText(files);
}

function toText(files: ReadonlyMap<string, ReadonlyMap<string, number>>): string {
  const bySelf = [...files].map(([file, functions]) => ({
    file,
    functions,
    micros: sum(functions.values()),
  }));
  bySelf.sort((a, b) => b.micros - a.micros);
  const total = sum(bySelf.map(({ micros }) => micros));
  const percent = (micros: number) => `${((micros / total) * 100).toFixed(1).padStart(5)} %`;
  return bySelf
    .slice(0, filesShown)
    .flatMap(({ file, functions, micros }) => {
      const top = [...functions].toSorted(([, a], [, b]) => b - a).slice(0, functionsShown);
      return [
        `${percent(micros)}  ${file}`,
        ...top.map(([name, own]) => `           ${percent(own)}  ${name}`),
      ];
    })
    .join('\n');
}

function toFile(url: string): string {
  if (url.startsWith('file:')) return relative(root, fileURLToPath(url));
  return url || '(engine and native code)';
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
