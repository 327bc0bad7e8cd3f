const numberPattern = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,6}))?$/;

/** INT128 has 39 digits; whatever is longer is out of every range. */
const digitsMax = 60;

/** The range of each integer type that the contract or the engine knows. */
export const integerRanges = {
  INT8: signed(8),
  INT16: signed(16),
  INT32: signed(32),
  INT64: signed(64),
  INT128: signed(128),
  UINT8: unsigned(8),
  UINT16: unsigned(16),
  UINT32: unsigned(32),
  UINT64: unsigned(64),
} as const;

export interface IntegerRange {
  readonly min: bigint;
  readonly max: bigint;
}

function signed(bits: number): IntegerRange {
  return { min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n };
}

function unsigned(bits: number): IntegerRange {
  return { min: 0n, max: 2n ** BigInt(bits) - 1n };
}

/**
 * The exact integer that a JSON number or a string of one stands for (`7`, `7.0`, `70e-1`). Undefined for fractions,
 * for other text, and for what has more than 60 digits.
 */
export function toInteger(source: string): bigint | undefined {
  const match = source.length > 400 ? null : numberPattern.exec(source);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return 0n;
  const zeros = digits.length - significant.length - fraction.length + Number(exponent);
  if (zeros < 0 || significant.length + zeros > digitsMax) return undefined;
  return BigInt(`${sign}${significant}${'0'.repeat(zeros)}`);
}

/** True where the integer is in the range. */
export function isWithin(integer: bigint, { min, max }: IntegerRange): boolean {
  return integer >= min && integer <= max;
}
