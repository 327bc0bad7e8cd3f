/** The engine's integer types with their ranges. */
const integerRanges: ReadonlyMap<string, readonly [bigint, bigint]> = new Map([
  ...[8, 16, 32, 64, 128].map((bits): [string, [bigint, bigint]] => {
    return [`INT${bits}`, [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]];
  }),
  ...[8, 16, 32, 64].map((bits): [string, [bigint, bigint]] => [
    `UINT${bits}`,
    [0n, 2n ** BigInt(bits) - 1n],
  ]),
]);

const digitsMax = 39;

/** The integer that a text writes, where the type has it. Like the engine it takes zeros in front after a minus only. */
export function parseInteger(source: string, type: string): bigint | undefined {
  if (source.length > digitsMax + 1 || !/^(?:0|[1-9]\d*|-\d+)$/.test(source)) return undefined;
  const value = BigInt(source);
  const [least, most] = integerRanges.get(type) ?? [0n, -1n];
  return value >= least && value <= most ? value : undefined;
}

/** The double, or the float, nearest to what a text writes; undefined where it is beyond all of them. */
export function parseReal(source: string, isFloat: boolean): number | undefined {
  // No two parts take the same digits: a long row of them must not be tried in every way.
  if (/^-?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(source)) {
    const value = isFloat ? Math.fround(Number(source)) : Number(source);
    return Number.isFinite(value) ? value : undefined;
  }
  if (/^-?nan$/i.test(source)) return Number.NaN;
  const match = /^(-)?inf(?:inity)?$/i.exec(source);
  if (!match) return undefined;
  return match[1] ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** The digits of a decimal where the type holds all of them; the engine would round. */
export function parseExactDecimal(source: string, precision: number, scale: number): string | undefined {
  const match = source.length > 100 ? null : /^(-?)(\d*)(?:\.(\d*))?$/.exec(source);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const wholeDigits = whole.replace(/^0+(?=.)/, '') || '0';
  const kept = fraction.replace(/0+$/, '');
  const wholeWidth = wholeDigits === '0' ? 0 : wholeDigits.length;
  if (kept.length > scale || wholeWidth > precision - scale) return undefined;
  return `${sign}${wholeDigits}${kept === '' ? '' : `.${kept}`}`;
}
