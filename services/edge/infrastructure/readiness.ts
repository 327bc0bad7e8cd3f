/** Something that must hold before the edge serves calls. */
export interface ReadinessCheck {
  readonly name: string;
  readonly isReady: () => boolean;
}

/** What holds and what does not. */
export class Readiness {
  readonly #checks: readonly ReadinessCheck[];
  #isDraining = false;

  constructor(checks: readonly ReadinessCheck[]) {
    this.#checks = checks;
  }

  /** Says from now on that no more calls should come. */
  drain(): void {
    this.#isDraining = true;
  }

  get isReady(): boolean {
    return !this.#isDraining && this.#checks.every((check) => check.isReady());
  }

  /** Each check by name, for people. */
  report(): Record<string, boolean> {
    const checks = this.#checks.map(({ name, isReady }) => [name, isReady()]);
    return { ...Object.fromEntries(checks), accepting: !this.#isDraining };
  }
}
