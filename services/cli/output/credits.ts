const microsPerCredit = 1_000_000n;

/** Micro-credits as credits, with as many decimals as it takes: "10000", "0.000001". */
export function toCredits(micros: string): string {
  const amount = BigInt(micros);
  const [sign, absolute] = amount < 0n ? ['-', -amount] : ['', amount];
  const decimals = (absolute % microsPerCredit).toString().padStart(6, '0').replace(/0+$/, '');
  return `${sign}${absolute / microsPerCredit}${decimals && `.${decimals}`}`;
}
