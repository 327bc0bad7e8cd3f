/** One place where a service is served. */
export interface Endpoint {
  /** host:port. */
  readonly address: string;
  /** What discovery knows of it, such as `tier` or `nodeId`. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Finds the endpoints of services. */
export interface Resolver {
  /** The endpoints there are now; none where the service is not known. */
  resolve(service: string): Promise<readonly Endpoint[]>;
  /** Calls the listener with the endpoints there are now and after each change. Returns how to stop it. */
  watch(service: string, listener: (endpoints: readonly Endpoint[]) => void): () => void;
  close(): Promise<void>;
}
