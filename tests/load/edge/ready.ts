/** Where a process under test listens, by protocol. */
export interface Ports {
  readonly http2: number;
  /** Left out where it does not speak HTTP/1.1. */
  readonly http1?: number;
}

/** Tells the parent process the ports, and ends this process when the parent is gone. */
export function reportReady(ports: Ports): void {
  if (!process.send) throw new Error('this is started by tests/load/edge/main.ts');
  process.once('disconnect', () => process.exit());
  process.send(ports);
}
