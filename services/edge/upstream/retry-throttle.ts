const tokensMax = 10;
const tokenRatio = 0.1;

/** Stops retries where many calls fail, as gRFC A6 has it: retries must not be what keeps a service down. */
export class RetryThrottle {
  #tokens = tokensMax;

  get allowsRetries(): boolean {
    return this.#tokens > tokensMax / 2;
  }

  /** An attempt was answered. */
  onSuccess(): void {
    this.#tokens = Math.min(tokensMax, this.#tokens + tokenRatio);
  }

  /** An attempt failed in a way that another one may not, or the service said not to retry. */
  onFailure(): void {
    this.#tokens = Math.max(0, this.#tokens - 1);
  }
}
