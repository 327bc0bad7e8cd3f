import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { MeshProcess } from '../mesh/process/mesh-process.ts';

const restartFirstMs = 200;
const restartLastMs = 10_000;
/** A node that lived this long is not failing at start. */
const healthyMs = 60_000;
const drainMs = 20_000;

/**
 * Runs the graph node beside this process, and again with back-off whenever it ends by itself. It ends with this
 * process, however that ends: its IPC channel closes.
 */
export function startGraphNodeChild(mesh: MeshProcess, catalogEndpoint: string): void {
  const env = {
    ...process.env,
    TRELLIS_DATA_DIR: mesh.config.dataDirectory,
    TRELLIS_DISCOVERY: 'static',
    TRELLIS_DISCOVERY_ENDPOINTS: `catalog=${catalogEndpoint}`,
  };
  let child: ChildProcess | undefined;
  let restart: NodeJS.Timeout | undefined;
  let restartMs = restartFirstMs;
  let isEnding = false;

  const start = () => {
    const startMs = Date.now();
    child = fork(fileURLToPath(new URL('../main.ts', import.meta.url)), ['graph-node'], { env });
    child.once('exit', (code, signal) => {
      child = undefined;
      if (isEnding) return;
      if (Date.now() - startMs > healthyMs) restartMs = restartFirstMs;
      mesh.log.error({ code, signal, restartMs }, 'the graph node ended by itself');
      restart = setTimeout(start, restartMs);
      restartMs = Math.min(restartMs * 2, restartLastMs);
    });
  };
  start();
  mesh.shutdown.add('graph node', async () => {
    isEnding = true;
    clearTimeout(restart);
    if (child) await endChild(child);
  });
}

/** Lets the child drain; ends it by force when it takes too long. */
function endChild(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const kill = setTimeout(() => child.kill('SIGKILL'), drainMs);
    child.once('exit', () => {
      clearTimeout(kill);
      resolve();
    });
    if (child.connected) child.disconnect();
  });
}
