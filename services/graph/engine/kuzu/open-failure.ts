import type { OpenFailure } from '../protocol.ts';

/** Damage shows in many ways, as far as the reading comes: these were tried (bytes overwritten, files cut short). */
const damage =
  /not a valid Kuzu database|corrupt|past the end of the file|doesn't exist in catalog|should never happen|basic_string::|vector::|length_error|bad_alloc|Assertion failed/i;

/** What the engine's words say about why a file did not open. Kuzu 0.11.3 has no codes. */
export function openFailureOf(thrown: unknown): OpenFailure {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (/different version/.test(text)) return 'version';
  if (/Could not set lock/.test(text)) return 'locked';
  return damage.test(text) ? 'damaged' : 'other';
}
