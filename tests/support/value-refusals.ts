import type { ValueKind } from '../../services/graph/domain/values/value.ts';

/** A value in a context, on its way out of the engine or into it. */
interface Place {
  readonly context: string;
  readonly leafType: string;
  readonly leaf: ValueKind;
}

interface Refusal {
  readonly reason: 'VALUE_NOT_EXACT' | 'PARAMETER_INVALID';
  readonly direction: 'in' | 'out';
  readonly why: string;
  readonly where: (place: Place) => boolean;
}

/** All that is refused rather than carried. Each line is one that may be struck out. */
const refusals: readonly Refusal[] = [
  {
    reason: 'PARAMETER_INVALID',
    direction: 'in',
    why: 'the engine turns decimals of one type within other values into those of another wrongly',
    where: ({ leafType, context }) => leafType.startsWith('DECIMAL') && context !== 'itself',
  },
];

const used = new Set<Refusal>();

/** The reason for which a value is refused; undefined where it has to be carried. */
export function refusalOf(direction: 'in' | 'out', place: Place): string | undefined {
  const refusal = refusals.find((each) => each.direction === direction && each.where(place));
  if (refusal) used.add(refusal);
  return refusal?.reason;
}

/** What is listed and was not met. */
export function unusedRefusals(): string[] {
  return refusals.filter((refusal) => !used.has(refusal)).map(({ why }) => why);
}
