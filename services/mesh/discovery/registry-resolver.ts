import type { Endpoint, Resolver } from './resolver.ts';

interface Registration {
  readonly endpoint: Endpoint;
  readonly expiry: NodeJS.Timeout | undefined;
}

type Listener = (endpoints: readonly Endpoint[]) => void;

/** The built-in registry: services say where they are, and again before their lease ends. */
export class RegistryResolver implements Resolver {
  readonly #registrations = new Map<string, Map<string, Registration>>();
  readonly #listeners = new Map<string, Set<Listener>>();

  /** Adds an endpoint or renews its lease. Without a lease it stays until it is deregistered. */
  register(service: string, endpoint: Endpoint, leaseMs?: number): void {
    const registrations = this.#registrations.get(service) ?? new Map<string, Registration>();
    this.#registrations.set(service, registrations);
    const before = registrations.get(endpoint.address);
    clearTimeout(before?.expiry);
    const expire = () => this.deregister(service, endpoint.address);
    const expiry = leaseMs === undefined ? undefined : setTimeout(expire, leaseMs).unref();
    registrations.set(endpoint.address, { endpoint, expiry });
    if (!before || !sameAttributes(before.endpoint, endpoint)) this.#notify(service);
  }

  /** Removes an endpoint. Removing one that is not there is fine. */
  deregister(service: string, address: string): void {
    const registrations = this.#registrations.get(service);
    clearTimeout(registrations?.get(address)?.expiry);
    if (registrations?.delete(address)) this.#notify(service);
  }

  async resolve(service: string): Promise<readonly Endpoint[]> {
    return this.#endpoints(service);
  }

  watch(service: string, listener: Listener): () => void {
    const listeners = this.#listeners.get(service) ?? new Set();
    this.#listeners.set(service, listeners);
    listeners.add(listener);
    listener(this.#endpoints(service));
    return () => listeners.delete(listener);
  }

  async close(): Promise<void> {
    for (const registrations of this.#registrations.values()) {
      for (const { expiry } of registrations.values()) clearTimeout(expiry);
    }
    this.#registrations.clear();
    this.#listeners.clear();
  }

  #endpoints(service: string): readonly Endpoint[] {
    return [...(this.#registrations.get(service)?.values() ?? [])].map(({ endpoint }) => endpoint);
  }

  #notify(service: string): void {
    const endpoints = this.#endpoints(service);
    for (const listener of this.#listeners.get(service) ?? []) listener(endpoints);
  }
}

function sameAttributes(a: Endpoint, b: Endpoint): boolean {
  const entries = Object.entries(a.attributes);
  return (
    entries.length === Object.keys(b.attributes).length &&
    entries.every(([name, value]) => b.attributes[name] === value)
  );
}
