/** A calendar month in UTC. */
export interface Period {
  /** Its first day, such as `2026-11-01`. */
  readonly name: string;
  /** When the next one begins. */
  readonly end: Date;
}

/** The month that the moment is in. */
export function periodOf(nowMs: number): Period {
  const now = new Date(nowMs);
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  return {
    name: new Date(Date.UTC(year, month)).toISOString().slice(0, 10),
    end: new Date(Date.UTC(year, month + 1)),
  };
}
