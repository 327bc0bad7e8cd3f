/**
 * The digits of a DECIMAL from the text that the engine writes. It writes small negative numbers wrongly
 * (-0.05 of DECIMAL(10, 2) becomes `0.-5`, tried on 0.11.3), but the digits are all there.
 */
export function parseDecimal(text: string, scale: number): string | undefined {
  const match = /^(?:-?\d+(?:\.\d+)?|0\.0*-\d+)$/.test(text);
  if (!match) return undefined;
  const minus = text.indexOf('-');
  const unscaled = minus > 0 ? BigInt(text.slice(minus)) : BigInt(text.replace('.', ''));
  return formatUnscaled(unscaled, scale);
}

/** The digits of a DECIMAL from the double that the binding made of it; undefined where they may be lost. */
export function decimalFromDouble(value: number, precision: number, scale: number): string | undefined {
  if (!Number.isFinite(value) || precision > 15) return undefined;
  return value === 0 ? formatUnscaled(0n, scale) : value.toFixed(scale);
}

/** Precision and scale that hold a decimal text; undefined where it is none, or too wide for the engine. */
export function decimalShape(text: string): { precision: number; scale: number } | undefined {
  const match = /^-?(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) return undefined;
  const scale = match[2]?.length ?? 0;
  const whole = (match[1] ?? '').replace(/^0+/, '').length;
  const precision = Math.max(1, whole + scale);
  return precision <= 38 ? { precision, scale } : undefined;
}

function formatUnscaled(unscaled: bigint, scale: number): string {
  if (scale === 0) return String(unscaled);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const at = digits.length - scale;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, at)}.${digits.slice(at)}`;
}
