import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outcome } from './outcome.ts';
import { type Mode, runSuite } from './run.ts';
import { programPath, suiteDirectory } from './suite.ts';

const programs = { server: 'referenceserver', client: 'referenceclient' } as const;

/**
 * The same cases without the edge: the suite against its own reference server or client. It takes minutes and depends
 * on nothing of ours but the configuration, so it is measured once for each and kept beside the suite.
 */
export async function baseline(mode: Mode): Promise<Outcome> {
  const config = await readFile(join(import.meta.dirname, `${mode}-config.yaml`));
  const digest = createHash('sha256').update(config).digest('hex').slice(0, 16);
  const path = join(suiteDirectory, `baseline-${mode}-${digest}.json`);
  if (existsSync(path)) return JSON.parse(await readFile(path, 'utf8')) as Outcome;
  console.log(`${mode}: running the suite without the edge, once`);
  const command = [programPath(programs[mode])];
  const { outcome, logPath } = await runSuite({ mode, name: `baseline-${mode}`, command, options: [] });
  if (!outcome) throw new Error(`the suite did not finish without the edge: see ${logPath}`);
  await writeFile(path, JSON.stringify(outcome));
  return outcome;
}
