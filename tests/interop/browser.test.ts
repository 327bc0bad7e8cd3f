import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Mesh, removeMeshData } from '../support/mesh.ts';
import { openSite } from './browser/site.ts';
import { startProgram } from './program.ts';
import { createAssignment, outcome } from './scenario.ts';
import { describeWith, pathOf, tools } from './tool.ts';
import { expectCancelled, startTalkativeMesh } from './upstream.ts';

const flags =
  `--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
  --disable-component-update --disable-sync --disable-dev-shm-usage`.split(/\s+/);

describeWith([tools.chromium], 'Chromium with connect-web, from a page of another origin', () => {
  let mesh: Mesh;

  beforeAll(async () => {
    mesh = await startTalkativeMesh();
  });
  afterAll(async () => {
    await mesh.stop();
    await removeMeshData(mesh);
  });

  it.each(['connect-json', 'connect-binary', 'grpc-web'])(
    'over %s goes from registration to query, streams, cancels, and reads the reason of a refusal',
    async (protocol) => {
      const task = createAssignment(mesh.url);
      expect(await openPage({ protocol, task })).toEqual(outcome);
      await expectCancelled(mesh, task.cancelId);
    },
  );
});

/** Opens the page in a browser of its own; resolves with what the page tells. */
async function openPage(assignment: object): Promise<unknown> {
  const site = await openSite(assignment);
  const profile = await mkdtemp(join(tmpdir(), 'trellis-interop-browser-'));
  const browser = startProgram(pathOf(tools.chromium), [...flags, `--user-data-dir=${profile}`, site.url]);
  const endedFirst = browser.end.then(({ code, stderr }) => {
    throw new Error(`the browser ended with ${code} before its page was done\n${stderr}`);
  });
  try {
    return await Promise.race([site.outcome, endedFirst]);
  } finally {
    endedFirst.catch(() => {});
    browser.child.kill();
    await browser.end;
    site.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
