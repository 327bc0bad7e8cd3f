import type { ValueKind } from '../../services/graph/domain/values/value.ts';

/** A value in a context, on its way out of the engine or into it. */
interface Place {
  readonly context: string;
  readonly leafType: string;
  readonly leaf: ValueKind;
}

const leastInt128 = String(-(2n ** 127n));

/** As a parameter that comes back; out of the engine; as the property of a node in a list, which stands for all that holds properties. */
type Direction = 'in' | 'out' | 'held';

interface Refusal {
  readonly reason: 'VALUE_NOT_EXACT' | 'PARAMETER_INVALID' | 'STATEMENT_NOT_ALLOWED';
  readonly direction: Direction;
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
  ...(['out', 'held'] as const).map((direction) => ({
    reason: 'STATEMENT_NOT_ALLOWED' as const,
    direction,
    why: 'arrays are written by a cast, and one to decimals within another type can end the process',
    where: ({ leafType, context }: Place) => leafType.startsWith('DECIMAL') && context === 'an array',
  })),
  ...both({
    why: 'the binding fails on -2^127, and maps are read beside the binding’s',
    where: ({ leaf, context }) =>
      leaf.value === leastInt128 && context.includes('map') && !context.includes('key'),
  }),
  ...both({
    why: 'the engine writes six decimals of keys that are FLOAT or DOUBLE, and no function reaches maps so deep',
    where: ({ leaf, context }) =>
      (leaf.case === 'floatValue' || leaf.case === 'doubleValue') && context.includes('lists of maps by key'),
  }),
  {
    reason: 'VALUE_NOT_EXACT',
    direction: 'in',
    why: 'the binding cuts keys at NUL',
    where: ({ leaf, context }) =>
      leaf.case === 'stringValue' && leaf.value.includes('\0') && context.includes('key'),
  },
  {
    reason: 'VALUE_NOT_EXACT',
    direction: 'held',
    why: 'the binding fails on rows with -2^127 anywhere in a node',
    where: ({ leaf, context }) => leaf.value === leastInt128 && !context.includes('key'),
  },
  {
    reason: 'VALUE_NOT_EXACT',
    direction: 'held',
    why: 'the engine writes six decimals of keys that are FLOAT or DOUBLE',
    where: ({ leaf, context }) =>
      (leaf.case === 'floatValue' || leaf.case === 'doubleValue') && context.includes('key'),
  },
  {
    reason: 'VALUE_NOT_EXACT',
    direction: 'held',
    why: 'the binding cuts keys at NUL',
    where: ({ leaf, context }) =>
      leaf.case === 'stringValue' && leaf.value.includes('\0') && context.includes('key'),
  },
];

/** Out of the engine, and as a parameter that comes back. */
function both(refusal: Pick<Refusal, 'why' | 'where'>): Refusal[] {
  return (['in', 'out'] as const).map((direction) => ({ ...refusal, direction, reason: 'VALUE_NOT_EXACT' }));
}

const used = new Set<Refusal>();

/** The reason for which a value is refused; undefined where it has to be carried. */
export function refusalOf(direction: Direction, place: Place): string | undefined {
  const refusal = refusals.find((each) => each.direction === direction && each.where(place));
  if (refusal) used.add(refusal);
  return refusal?.reason;
}

/** What is listed and was not met. */
export function unusedRefusals(): string[] {
  return refusals.filter((refusal) => !used.has(refusal)).map(({ why }) => why);
}
