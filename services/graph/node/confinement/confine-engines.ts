import type { Logger } from '../../../mesh/log/logger.ts';
import {
  availableLayers,
  type ConfinementMode,
  type Layers,
  namesOf,
  noLayers,
  type Platform,
} from './confinement.ts';

export interface ConfineOptions {
  readonly mode: ConfinementMode;
  readonly platform: Platform;
  /** Starts a process with these layers and ends it; rejects where it does not run. */
  readonly probe: (layers: Layers) => Promise<void>;
  readonly log: Logger;
}

/** The operator wants all layers, and the machine does not have them. */
export class ConfinementMissingError extends Error {
  override readonly name = 'ConfinementMissingError';
}

/**
 * Decides once which layers engine processes get: those that the machine offers and with which a process runs. Throws
 * ConfinementMissingError where all are required and one is not there.
 */
export async function confineEngines({ mode, platform, probe, log }: ConfineOptions): Promise<Layers> {
  if (mode === 'none') {
    log.warn('confinement: none, as configured');
    return noLayers;
  }
  const available = availableLayers(platform);
  const missing = namesOf(available, false);
  if (mode === 'required' && missing.length > 0) throw missingError(missing.join(', '));
  // Most often it is the user: one who may not read the program, or the data directory.
  for (const layers of [available, { ...available, user: false }, noLayers]) {
    try {
      await probe(layers);
      log[namesOf(layers, false).length > 0 ? 'warn' : 'info'](
        { layers: namesOf(layers, true), missing: namesOf(layers, false) },
        'confinement of engine processes',
      );
      return layers;
    } catch (err) {
      if (mode === 'required') throw missingError('a process does not run with all of them', err);
      log.warn(
        { err, layers: namesOf(layers, true) },
        'confinement: a process does not run with these layers',
      );
    }
  }
  throw new Error('no engine process can be started on this machine');
}

function missingError(what: string, cause?: unknown): ConfinementMissingError {
  return new ConfinementMissingError(`TRELLIS_GRAPH_NODE_CONFINEMENT is "required": ${what}`, { cause });
}
