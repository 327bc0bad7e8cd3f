import type { EdgeConfig } from '../edge/config.ts';
import type { ReadinessCheck } from '../edge/infrastructure/readiness.ts';
import { type Edge, startEdge } from '../edge/server.ts';
import type { Environment } from '../mesh/config/config.ts';
import { createMeshProcess, type MeshProcess } from '../mesh/process/mesh-process.ts';
import type { Shutdown } from '../mesh/process/shutdown.ts';
import { controlRoles, hostControlPlane } from './control-plane.ts';
import { hostGraphNode } from './graph-node.ts';
import { startGraphNodeChild } from './graph-node-child.ts';
import { listenForMesh } from './mesh-port.ts';
import { readSettings, type Settings } from './settings.ts';

/** What a process can be started as. */
export const roles = ['all', 'edge', 'graph-node', 'control-plane', ...Object.keys(controlRoles)] as const;

const shutdownMs = 40_000;

/** What runs, for the words on the terminal. */
export interface Started {
  readonly mesh: MeshProcess;
  readonly edge: Edge | undefined;
}

/**
 * Starts a process with these roles. Throws ConfigError, DirectoryInUseError or what the system says; what was
 * started by then has ended.
 */
export async function start(wanted: readonly string[], env: Environment): Promise<Started> {
  const settings = readSettings(env);
  const mesh = await createMeshProcess(wanted.includes('all') ? 'mesh' : wanted.join('+'), settings.mesh);
  endInOrder(mesh.shutdown);
  try {
    return { mesh, edge: await startRoles(mesh, settings, wanted) };
  } catch (error) {
    await mesh.shutdown.run();
    throw error;
  }
}

async function startRoles(mesh: MeshProcess, settings: Settings, wanted: readonly string[]) {
  const isAll = wanted.includes('all');
  const control = Object.keys(controlRoles).filter(
    (role) => isAll || wanted.includes('control-plane') || wanted.includes(role),
  );
  let controlEndpoint = '';
  if (control.length > 0) {
    const modules = await hostControlPlane(mesh, settings, control);
    const services = modules.flatMap((module) => module.services);
    controlEndpoint = await listenForMesh(mesh, settings.meshListen, services);
  }
  if (wanted.includes('graph-node')) await hostGraphNode(mesh, settings);
  if (isAll) startGraphNodeChild(mesh, controlEndpoint);
  return isAll || wanted.includes('edge') ? hostEdge(mesh, settings.edge, isAll) : undefined;
}

async function hostEdge(mesh: MeshProcess, config: EdgeConfig, isAll: boolean): Promise<Edge> {
  const { channel, local, self, resolver, sign, log, registry, shutdown } = mesh;
  const checks: ReadinessCheck[] = [];
  if (isAll) {
    let hasNode = false;
    registry.watch('graph-writer', (nodes) => {
      hasNode = nodes.length > 0;
    });
    checks.push({ name: 'graphNode', isReady: () => hasNode });
  }
  const edge = await startEdge({ config, channel, local, self, resolver, sign, log, checks });
  shutdown.add('edge', () => edge.close());
  return edge;
}

/**
 * Ends the process in order on SIGINT and SIGTERM. One that another process forked ends when that one does, however it
 * ends: the IPC channel closes. Ctrl-C, which the terminal sends to both, is then the parent's to act on.
 */
function endInOrder(shutdown: Shutdown): void {
  const isForked = process.connected !== undefined;
  shutdown.onSignals(isForked ? ['SIGTERM'] : ['SIGINT', 'SIGTERM'], shutdownMs);
  if (!isForked) return;
  process.on('SIGINT', () => {});
  const end = () => void shutdown.end('the parent process is gone', shutdownMs);
  if (process.connected) process.once('disconnect', end);
  else end();
}
