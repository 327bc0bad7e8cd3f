import type { OpenFailure } from '../../engine/protocol.ts';

/** Why a graph did not open: what its engine said, or what became of that. */
export type OpenFailureCause = OpenFailure | 'ended' | 'timeout' | 'lost';

/** The cause in words that a caller may see. */
export const openFailureWords: Readonly<Record<OpenFailureCause, string>> = {
  damaged: 'its file is damaged',
  lost: 'its file is gone or empty',
  version: 'its file was written by another version of the engine',
  locked: 'another process has its file open',
  ended: 'its engine process ended each time',
  timeout: 'it did not open in time',
  other: 'its engine process reported an error',
};

/** True where trying again soon cannot help. */
export function failureIsCertain(cause: OpenFailureCause): boolean {
  return cause === 'damaged' || cause === 'version' || cause === 'lost';
}
