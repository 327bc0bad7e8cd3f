let current = '';
let currentSecond = 0;

/** The time as HTTP writes it; made once a second. */
export function httpDate(): string {
  const nowMs = Date.now();
  const second = Math.floor(nowMs / 1_000);
  if (second !== currentSecond) {
    currentSecond = second;
    current = new Date(nowMs).toUTCString();
  }
  return current;
}
