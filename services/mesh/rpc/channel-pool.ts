import { LRUCache } from 'lru-cache';
import type { Channel } from './channel.ts';

/** Channels by address. */
export interface ChannelPool {
  /** The channel to an address, made on first use. */
  get(address: string): Channel;
  close(): Promise<void>;
}

/** The most channels held; beyond that the longest unused is closed, whose calls under way finish. */
const channelsMax = 1_000;

/** A pool whose channels `connect` makes. */
export function createChannelPool(connect: (address: string) => Channel): ChannelPool {
  const channels = new LRUCache<string, Channel>({
    max: channelsMax,
    dispose: (channel) => void channel.close(),
  });
  return {
    get: (address) => {
      const known = channels.get(address);
      if (known) return known;
      const channel = connect(address);
      channels.set(address, channel);
      return channel;
    },
    close: async () => channels.clear(),
  };
}
