import { describe, expect, it } from 'vitest';
import { errorCode, frameFlag, frameType, settingId, windowBytesDefault } from './frame.ts';
import {
  blockOf,
  dataFrame,
  frame,
  headersFrame,
  rawClient,
  rawServer,
  requestFields,
  settingsFrame,
  uint32,
} from './testing.ts';

const head = [':status', '200'];

describe('what we send', () => {
  it('stops at the window of the stream, and goes on with it', async () => {
    const { peer, server } = rawClient();
    peer.greet([settingId.initialWindowSize, 10]).send(headersFrame(1, true));
    const { stream, log } = await server.request();
    stream.sendFields(head, false);
    expect(stream.write(Buffer.alloc(100_000))).toBe(false);
    stream.end(['done', 'yes']);
    await peer.settled();
    expect(peer.dataBytesOf(1)).toBe(10);
    peer.send(frame(frameType.windowUpdate, 0, 1, uint32(90)));
    await peer.settled();
    expect(peer.dataBytesOf(1)).toBe(100);
    peer.send(
      frame(frameType.windowUpdate, 0, 1, uint32(2 ** 20)),
      frame(frameType.windowUpdate, 0, 0, uint32(2 ** 20)),
    );
    await peer.settled();
    expect(peer.dataBytesOf(1)).toBe(100_000);
    const last = peer.frames.filter(({ streamId }) => streamId === 1).at(-1);
    expect(last).toMatchObject({
      type: frameType.headers,
      flags: frameFlag.endHeaders | frameFlag.endStream,
    });
    expect(log.drainCount).toBe(0);
    expect(server.goneCount).toBe(1);
  });

  it('tells who writes when there is room again, once', async () => {
    const { peer, server } = rawClient();
    peer.greet([settingId.initialWindowSize, 0]).send(headersFrame(1, true));
    const { stream, log } = await server.request();
    stream.sendFields(head, false);
    expect(stream.write(Buffer.alloc(16_384))).toBe(true);
    expect(stream.write(Buffer.alloc(1))).toBe(false);
    peer.send(frame(frameType.windowUpdate, 0, 1, uint32(16_384)));
    await peer.settled();
    expect(log.drainCount).toBe(0);
    peer.send(frame(frameType.windowUpdate, 0, 1, uint32(16_384)));
    await peer.settled();
    expect(log.drainCount).toBe(1);
    expect(stream.write(Buffer.alloc(1))).toBe(true);
  });

  it('stops at the window of the connection; streams share it in turns', async () => {
    const { peer, server } = rawClient();
    peer.greet([settingId.initialWindowSize, 2 ** 20]);
    for (const id of [1, 3, 5]) peer.send(headersFrame(id, true));
    await server.request(2);
    for (const { stream } of server.requests) {
      stream.sendFields(head, false);
      stream.write(Buffer.alloc(2 ** 20));
    }
    await peer.settled();
    expect(totalOf(peer, [1, 3, 5])).toBe(windowBytesDefault);
    peer.send(frame(frameType.windowUpdate, 0, 0, uint32(3 * 65_536)));
    await peer.settled();
    for (const id of [1, 3, 5]) expect(peer.dataBytesOf(id)).toBeGreaterThanOrEqual(65_536 - 1);
    peer.send(frame(frameType.windowUpdate, 0, 0, uint32(2 ** 22)));
    await peer.until(() => totalOf(peer, [1, 3, 5]) === 3 * 2 ** 20);
  });

  it('waits where SETTINGS made the window negative, until it is positive again', async () => {
    const { peer, server } = rawClient();
    peer.greet([settingId.initialWindowSize, 1_000]).send(headersFrame(1, true));
    const { stream } = await server.request();
    stream.sendFields(head, false);
    stream.write(Buffer.alloc(2_000));
    await peer.settled();
    peer.send(settingsFrame([settingId.initialWindowSize, 100]));
    await peer.settled();
    expect(stream.sendWindowBytes).toBe(-900);
    peer.send(frame(frameType.windowUpdate, 0, 1, uint32(900)));
    await peer.settled();
    expect(peer.dataBytesOf(1)).toBe(1_000);
    peer.send(settingsFrame([settingId.initialWindowSize, 50], [settingId.initialWindowSize, 600]));
    await peer.settled();
    expect(peer.dataBytesOf(1)).toBe(1_500);
  });

  it('ends its side once, whatever windows come afterwards', async () => {
    const { client, peer } = rawServer();
    const { stream } = client.request();
    stream.end();
    peer.send(
      frame(frameType.windowUpdate, 0, 1, uint32(10)),
      settingsFrame([settingId.initialWindowSize, 9]),
    );
    await peer.settled();
    const ends = peer.frames.filter(
      ({ type, flags, streamId }) => streamId === 1 && type <= 1 && (flags & frameFlag.endStream) !== 0,
    );
    expect(ends).toHaveLength(1);
  });

  it('fails the stream whose window grows beyond its limit, or by nothing', async () => {
    const { peer, server } = rawClient();
    peer.greet().send(headersFrame(1, true), headersFrame(3, true), headersFrame(5, true));
    await server.request(2);
    peer.send(
      frame(frameType.windowUpdate, 0, 1, uint32(2 ** 31 - 1)),
      frame(frameType.windowUpdate, 0, 3, uint32(0)),
    );
    expect(await peer.resetOf(1)).toBe(errorCode.flowControlError);
    expect(await peer.resetOf(3)).toBe(errorCode.protocolError);
    expect(server.connection.streamCount).toBe(1);
    expect(server.cancelledCount).toBe(2);
  });

  it.each([
    ['grows beyond its limit', 2 ** 31 - 1, errorCode.flowControlError],
    ['grows by nothing', 0, errorCode.protocolError],
  ])('fails the connection whose window %s', async (_what, bytes, code) => {
    const { peer } = rawClient();
    peer.greet().send(frame(frameType.windowUpdate, 0, 0, uint32(bytes)));
    expect(await peer.goaway()).toBe(code);
  });

  it('fails the connection whose SETTINGS make a window overflow', async () => {
    const { peer, server } = rawClient();
    peer
      .greet()
      .send(headersFrame(1, true), frame(frameType.windowUpdate, 0, 1, uint32(2 ** 31 - 1 - 65_535)));
    await server.request();
    peer.send(settingsFrame([settingId.initialWindowSize, 65_536]));
    expect(await peer.goaway()).toBe(errorCode.flowControlError);
  });
});

describe('what we take', () => {
  const windows = { streamWindowBytes: 100_000, connectionWindowBytes: 250_000 };

  it('is granted again as it is read, padding and all', async () => {
    const { peer, server } = rawClient(undefined, windows);
    peer.greet().send(headersFrame(1, false));
    // A length, 100 bytes, and more padding than that.
    const payload = Buffer.concat([Buffer.of(255), Buffer.alloc(355)]);
    const padded = frame(frameType.data, frameFlag.padded, 1, payload);
    for (let count = 0; count < 100; count++) {
      peer.send(...Array(30).fill(padded));
      await peer.settled();
    }
    const { log } = await server.request();
    expect(log.bytes).toBe(300_000);
    expect(grantedTo(peer, 1)).toBeGreaterThan(3_000 * 356 - 50_000);
    expect(grantedTo(peer, 0)).toBeGreaterThan(3_000 * 356 - 125_000);
  });

  it('is not granted again while nobody reads it, and then all at once', async () => {
    const { peer, server } = rawClient(({ stream }) => stream.pause(), windows);
    peer.greet().send(headersFrame(1, false));
    for (let count = 0; count < 10; count++) peer.send(dataFrame(1, Buffer.alloc(10_000, count)));
    await peer.settled();
    const { stream, log } = await server.request();
    expect([log.bytes, grantedTo(peer, 1)]).toEqual([0, 0]);
    stream.resume();
    await peer.settled();
    expect(log.bytes).toBe(100_000);
    expect(
      log.data.equals(Buffer.concat(Array.from({ length: 10 }, (_, i) => Buffer.alloc(10_000, i)))),
    ).toBe(true);
    expect(grantedTo(peer, 1)).toBeGreaterThanOrEqual(50_000);
  });

  it('beyond the window of the stream fails the stream', async () => {
    const { peer, server } = rawClient(({ stream }) => stream.pause(), windows);
    peer.greet().send(headersFrame(1, false), headersFrame(3, false));
    for (let count = 0; count < 10; count++) peer.send(dataFrame(1, Buffer.alloc(10_000)));
    peer.send(dataFrame(1, Buffer.alloc(1)));
    expect(await peer.resetOf(1)).toBe(errorCode.flowControlError);
    expect((await server.request()).log.reset).toEqual({ code: errorCode.flowControlError, isLost: false });
    peer.send(dataFrame(3, Buffer.alloc(10)));
    await peer.settled();
  });

  it('beyond the window of the connection fails the connection', async () => {
    const { peer } = rawClient(({ stream }) => stream.pause(), windows);
    peer.greet().send(...[1, 3, 5].map((id) => headersFrame(id, false)));
    for (const id of [1, 3, 5]) for (let i = 0; i < 9; i++) peer.send(dataFrame(id, Buffer.alloc(10_000)));
    expect(await peer.goaway()).toBe(errorCode.flowControlError);
  });

  it('may be what the default allows, though the window is smaller: our SETTINGS may not be read yet', async () => {
    const { peer, server } = rawClient(undefined, { streamWindowBytes: 1_000, connectionWindowBytes: 1_000 });
    peer.greet().send(headersFrame(1, false), ...Array(4).fill(dataFrame(1, Buffer.alloc(16_383))));
    await peer.settled();
    expect((await server.request()).log.bytes).toBe(4 * 16_383);
  });

  it.each([
    ['is reset by its client', (id: number) => [frame(frameType.rstStream, 0, id, uint32(8))]],
    ['announced less', (id: number) => [dataFrame(id, Buffer.alloc(10_000))]],
  ])('of a stream that %s is granted to the others again, though nobody read it', async (_what, end) => {
    const { peer, server } = rawClient(({ stream }) => stream.pause(), windows);
    const block = blockOf([...requestFields, 'content-length', '60000']);
    peer.greet();
    for (let id = 1; id < 100; id += 2) {
      peer.send(
        headersFrame(id, false, block),
        ...Array(6).fill(dataFrame(id, Buffer.alloc(10_000))),
        ...end(id),
      );
      await peer.settled();
    }
    expect(server.connection.streamCount).toBe(0);
    expect(grantedTo(peer, 0)).toBeGreaterThan(50 * 60_000 - 125_000);
  });

  it('of streams that we reset is granted again', async () => {
    const { peer } = rawClient(({ stream }) => stream.reset(errorCode.cancel), windows);
    peer.greet().send(headersFrame(1, false));
    for (let count = 0; count < 100; count++) {
      peer.send(dataFrame(1, Buffer.alloc(10_000)));
      await peer.settled();
    }
    expect(grantedTo(peer, 0)).toBeGreaterThan(1_000_000 - 125_000 - 10_000);
    expect(peer.frames.filter(({ type }) => type === frameType.rstStream)).toHaveLength(1);
  });

  it('is granted at once for all streams together where nobody may hold up the others', async () => {
    const { client, peer } = rawServer({ ...windows, isCreditedAtOnce: true });
    for (let count = 0; count < 10; count++) client.request().stream.pause();
    for (let id = 1; id < 20; id += 2) {
      peer.send(
        headersFrame(id, false, blockOf(head)),
        ...Array(9).fill(dataFrame(id, Buffer.alloc(10_000))),
      );
      await peer.settled();
    }
    expect(grantedTo(peer, 0)).toBeGreaterThan(900_000 - 125_000);
    expect(grantedTo(peer, 1)).toBe(0);
  });
});

function totalOf(peer: { dataBytesOf(id: number): number }, ids: readonly number[]): number {
  return ids.reduce((total, id) => total + peer.dataBytesOf(id), 0);
}

/** What WINDOW_UPDATE granted, without what the connection got at first. */
function grantedTo(
  peer: { readonly frames: readonly { type: number; streamId: number; payload: Buffer }[] },
  id: number,
): number {
  const updates = peer.frames.filter((one) => one.type === frameType.windowUpdate && one.streamId === id);
  const bytes = updates.map(({ payload }) => payload.readUInt32BE());
  return bytes.slice(id === 0 ? 1 : 0).reduce((total, one) => total + one, 0);
}
