import { readEdgeConfig } from '../edge/config.ts';
import type { ReadinessCheck } from '../edge/infrastructure/readiness.ts';
import { type Edge, startEdge } from '../edge/server.ts';
import type { Environment } from '../mesh/config/config.ts';
import { readMeshConfig } from '../mesh/config/mesh-config.ts';
import { createMeshProcess, type MeshProcess } from '../mesh/process/mesh-process.ts';
import { controlRoles, hostControlPlane } from './control-plane.ts';
import { hostGraphNode } from './graph-node.ts';
import { startGraphNodeChild } from './graph-node-child.ts';
import { listenForMesh } from './mesh-port.ts';

/** What a process can be started as. */
export const roles = ['all', 'edge', 'graph-node', 'control-plane', ...Object.keys(controlRoles)] as const;

const shutdownMs = 40_000;

/** What runs, for the words on the terminal. */
export interface Started {
  readonly mesh: MeshProcess;
  readonly edge: Edge | undefined;
}

/** Starts a process with these roles. Throws ConfigError, DirectoryInUseError or what the system says. */
export async function start(wanted: readonly string[], env: Environment): Promise<Started> {
  const config = readMeshConfig(env);
  const isAll = wanted.includes('all');
  const name = isAll ? 'mesh' : wanted.join('+');
  const mesh = await createMeshProcess(name, config);
  mesh.shutdown.onSignals(shutdownMs);
  const control = wanted.flatMap((role) =>
    role === 'all' || role === 'control-plane'
      ? Object.keys(controlRoles)
      : role in controlRoles
        ? [role]
        : [],
  );
  let controlEndpoint = '';
  if (control.length > 0) {
    const modules = await hostControlPlane(mesh, env, control);
    controlEndpoint = await listenForMesh(
      mesh,
      env,
      modules.flatMap(({ services }) => services),
    );
  }
  if (wanted.includes('graph-node')) await hostGraphNode(mesh, env);
  if (isAll) startGraphNodeChild(mesh, controlEndpoint);
  const edge = isAll || wanted.includes('edge') ? await hostEdge(mesh, env, isAll) : undefined;
  return { mesh, edge };
}

async function hostEdge(mesh: MeshProcess, env: Environment, isAll: boolean): Promise<Edge> {
  const { channel, pool, sign, log, registry, shutdown } = mesh;
  const checks: ReadinessCheck[] = [];
  if (isAll) {
    let hasNode = false;
    registry.watch('graph-writer', (nodes) => {
      hasNode = nodes.length > 0;
    });
    checks.push({ name: 'graphNode', isReady: () => hasNode });
  }
  const edge = await startEdge({ config: readEdgeConfig(env), channel, pool, sign, log, checks });
  shutdown.add('edge', () => edge.close());
  return edge;
}
