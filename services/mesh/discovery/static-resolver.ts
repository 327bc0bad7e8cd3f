import type { Endpoint, Resolver } from './resolver.ts';

/** Endpoints that are known from the start and never change. */
export function createStaticResolver(endpoints: ReadonlyMap<string, readonly Endpoint[]>): Resolver {
  const find = (service: string) => endpoints.get(service) ?? [];
  return {
    resolve: async (service) => find(service),
    watch: (service, listener) => {
      listener(find(service));
      return () => {};
    },
    close: async () => {},
  };
}

const entryPattern = /^([a-z][a-z-]*)=([^=,\s]+:(\d{1,5}))$/;

/** Reads `iam=10.0.0.1:7001,catalog=10.0.0.2:7001`; a service may stand there several times. */
export function parseStaticEndpoints(text: string): ReadonlyMap<string, readonly Endpoint[]> {
  const endpoints = new Map<string, Endpoint[]>();
  for (const entry of text.split(',').filter((part) => part.trim() !== '')) {
    const [, service, address, port] = entryPattern.exec(entry.trim()) ?? [];
    if (!service || !address || Number(port) > 65_535)
      throw new Error('must be a list such as "iam=10.0.0.1:7001,catalog=10.0.0.2:7001"');
    endpoints.set(service, [...(endpoints.get(service) ?? []), { address, attributes: {} }]);
  }
  return endpoints;
}
