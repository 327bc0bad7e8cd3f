import { setTimeout } from 'node:timers/promises';
import { removeMeshData, startMesh } from '../../support/mesh.ts';
import { createRandom } from '../../support/random.ts';
import { createTenant } from '../../support/rest.ts';
import { GraphLoad } from './graph-load.ts';
import { type KillEvent, killsOf, planKills } from './kill-plan.ts';
import { Victim } from './victim.ts';

/** Spans in which the moments of kills fall, in milliseconds. */
const anyMs = 200;
const openingMs = 500;
const importMs = 60;
const checkpointMs = 8;

const loadBeforeMs = 2_000;

export interface KillRun {
  readonly kills: number;
  readonly seed: number;
  readonly graphs: number;
  /** Whether the load deletes nodes with their relationships, too. */
  readonly deletes: boolean;
  /** Kills after which everything is verified, and again. */
  readonly verifyEvery: number;
  /** Told of each verification. */
  readonly onProgress: (kills: number, wrong: readonly string[]) => void;
}

/** What a run came to. */
export interface KillReport {
  readonly kills: number;
  readonly moments: ReadonlyMap<string, number>;
  readonly loads: readonly GraphLoad[];
  /** Writes whose outcome was not known, settled by looking. */
  readonly settled: number;
  readonly wrong: readonly string[];
}

/**
 * Kills engine processes of a whole mesh under mixed load, each graph of another organization, and holds what the
 * graphs have against what was answered: now and then, at the end, and after a restart of the mesh.
 */
export async function runKills(run: KillRun): Promise<KillReport> {
  const env = { TRELLIS_RATELIMIT_SCALE: '1000000', TRELLIS_LOG_LEVEL: 'fatal' };
  const random = createRandom(run.seed);
  const plan = planKills(run.kills, run.graphs, random);
  const moments = new Map<string, number>();
  let mesh = await startMesh({ env });
  try {
    const loads: GraphLoad[] = [];
    for (let i = 0; i < run.graphs; i++) {
      const tenant = await createTenant(mesh.url);
      loads.push(await GraphLoad.create(tenant, createRandom(run.seed + 1 + i), run.deletes));
    }
    const victims = loads.map((load) => new Victim(mesh, load));
    for (const load of loads) load.start();
    await setTimeout(loadBeforeMs);
    let [kills, verified, settled] = [0, 0, 0];
    const wrong: string[] = [];
    const verify = async () => {
      for (const victim of victims) await victim.recovered();
      await Promise.all(loads.map((load) => load.stop()));
      settled += loads.reduce((sum, load) => sum + load.unknown, 0);
      for (const load of loads) {
        wrong.push(...(await load.verify()), ...load.log.wrong.splice(0));
      }
      verified = kills;
      run.onProgress(kills, wrong);
    };
    for (const event of plan) {
      await strike(event, victims);
      kills += killsOf(event);
      moments.set(event.moment, (moments.get(event.moment) ?? 0) + 1);
      if (kills - verified < run.verifyEvery) continue;
      await verify();
      for (const load of loads) load.start();
    }
    await verify();
    await mesh.stop();
    mesh = await startMesh({ env, dataDirectory: mesh.dataDirectory });
    for (const load of loads) load.log.moveTo(mesh.url);
    await verify();
    return { kills, moments, loads, settled, wrong };
  } finally {
    await mesh.stop();
    await removeMeshData(mesh);
  }
}

async function strike({ moment, victim, other, first, second }: KillEvent, victims: readonly Victim[]) {
  const target = victims[victim];
  const companion = victims[other];
  if (!target || !companion) throw new Error('the plan names a graph that is not there');
  await target.recovered();
  if (moment === 'import') {
    target.load.importNow();
    await setTimeout(first * importMs);
  } else if (moment === 'checkpoint') {
    const begun = target.checkpointing();
    target.load.importNow();
    await begun;
    await setTimeout(first * checkpointMs);
  } else {
    await setTimeout(first * anyMs);
  }
  if (moment === 'pair') {
    await companion.recovered();
    await Promise.all([target.kill(), companion.kill()]);
    return;
  }
  const pid = await target.kill();
  if (moment === 'opening') {
    await target.replaced(pid);
    await setTimeout(second * openingMs);
    await target.kill();
  } else if (moment === 'twice') {
    await target.recovered();
    await target.kill();
  }
}
