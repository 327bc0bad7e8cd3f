import type { Compression } from './compression.ts';

/**
 * The compression for an answer, from what the client accepts: the header `accept-encoding`, `connect-accept-encoding`
 * or `grpc-accept-encoding`, with weights (`gzip;q=0.5`; 0 refuses) and `*`. `supported` has the best one first, which
 * decides between equal weights. Identity where none is accepted, even where the client refuses that too.
 */
export function negotiate(accepted: string | undefined, supported: readonly Compression[]): Compression {
  if (!accepted) return 'identity';
  const weights = parseWeights(accepted);
  let best: Compression = 'identity';
  // Identity need not be named to be accepted; then anything that is named goes first.
  let bestWeight = weights.get('identity') ?? 0;
  for (const compression of supported) {
    const weight = weights.get(compression) ?? weights.get('*') ?? 0;
    const isPreferred = weight > bestWeight || (weight === bestWeight && best === 'identity' && weight > 0);
    if (!isPreferred || compression === 'identity') continue;
    best = compression;
    bestWeight = weight;
  }
  return best;
}

function parseWeights(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const element of header.split(',')) {
    const [name = '', ...parameters] = element.split(';').map((part) => part.trim().toLowerCase());
    if (name !== '') weights.set(name, weightOf(parameters));
  }
  return weights;
}

// RFC 9110: 0 to 1 with at most three decimals. Anything else refuses: better no compression than one not wanted.
function weightOf(parameters: readonly string[]): number {
  const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, '');
  if (weight === undefined) return 1;
  return /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0;
}
