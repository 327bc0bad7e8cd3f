import { duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { errorCode, frameFlag, frameType, settingId } from '../../services/mesh/http2/frame.ts';
import { integerBytes, literalBytes } from '../../services/mesh/http2/hpack/testing.ts';
import {
  blockOf,
  dataFrame,
  frame,
  headersFrame,
  RawPeer,
  rawClient,
  requestFields,
  type Served,
  settingsFrame,
  TestServer,
  uint32,
} from '../../services/mesh/http2/testing.ts';

const head = [':status', '200'];
const ping = frame(frameType.ping, 0, 0, Buffer.alloc(8));
const cancel = uint32(errorCode.cancel);

describe('frames that cost nothing and carry nothing on end the connection', () => {
  it.each([
    ['PING', ping],
    ['answers to no PING', frame(frameType.ping, frameFlag.ack, 0, Buffer.alloc(8))],
    ['SETTINGS', settingsFrame()],
    ['SETTINGS that change the windows', settingsFrame([settingId.initialWindowSize, 100])],
    ['answers to no SETTINGS', frame(frameType.settings, frameFlag.ack, 0)],
    ['WINDOW_UPDATE of the connection', frame(frameType.windowUpdate, 0, 0, uint32(1))],
    ['WINDOW_UPDATE of a stream', frame(frameType.windowUpdate, 0, 1, uint32(1))],
    ['PRIORITY', frame(frameType.priority, 0, 99, Buffer.from('0000000010', 'hex'))],
    ['empty DATA', dataFrame(1, '')],
    ['DATA with nothing but padding', frame(frameType.data, frameFlag.padded, 1, Buffer.from('0100', 'hex'))],
    ['RST_STREAM of a stream that is over', frame(frameType.rstStream, 0, 3, cancel)],
    ['empty DATA of a stream that is over', dataFrame(3, '')],
    ['frames that nobody knows', frame(0xbe, 0, 0, Buffer.alloc(100))],
  ])('%s', async (_what, flood) => {
    const { peer, server } = rawClient(({ stream }) => {
      if (stream.id === 3) stream.sendFields(head, true);
    });
    peer.greet().send(headersFrame(1, false), headersFrame(3, true));
    await peer.settled();
    peer.send(...Array(3_000).fill(flood));
    expect(await peer.goaway()).toBe(errorCode.enhanceYourCalm);
    expect(server.connection.streamCount).toBe(0);
  });

  it.each([
    ['heads of no bytes', Buffer.alloc(0)],
    ['heads with a field without a name', Buffer.concat([blockOf(requestFields), literalBytes('', '')])],
    ['heads with nothing but fields without a name', Buffer.concat(Array(400).fill(literalBytes('', '')))],
    ['heads that are too large', blockOf([...requestFields, 'x-long', 'a'.repeat(16_100)])],
  ])('%s', async (_what, block) => {
    const { peer, server } = rawClient(undefined, { headerListBytesMax: 16_000 });
    peer.greet();
    for (let id = 1; id < 6_000; id += 2) peer.send(headersFrame(id, true, block));
    expect(await peer.goaway()).toBe(errorCode.enhanceYourCalm);
    expect(server.requests).toHaveLength(0);
  });

  it('streams beyond those that may be open', async () => {
    const { peer, server } = rawClient(undefined, { streamsMax: 10 });
    peer.greet();
    for (let id = 1; id < 6_000; id += 2) peer.send(headersFrame(id, true));
    expect(await peer.goaway()).toBe(errorCode.enhanceYourCalm);
    expect(server.requests).toHaveLength(10);
  });
});

describe('a head without end', () => {
  it.each([
    ['in empty CONTINUATION frames', 0],
    ['in small CONTINUATION frames', 1],
    ['in large CONTINUATION frames', 16_384],
  ])('ends the connection: %s', async (_what, bytes) => {
    const { peer } = rawClient();
    peer.greet().send(frame(frameType.headers, 0, 1, blockOf(requestFields)));
    peer.send(...Array(100).fill(frame(frameType.continuation, 0, 1, Buffer.alloc(bytes, 0x20))));
    expect(await peer.goaway()).toBe(errorCode.enhanceYourCalm);
  });
});

describe('HPACK bombs', () => {
  // An entry that fills the table, named by a byte each time.
  const entry = literalBytes('x-bomb', 'b'.repeat(4_000), { isAdded: true });
  const bomb = Buffer.concat([
    blockOf(requestFields),
    entry,
    ...Array(12_000).fill(integerBytes(62, 0x7f, 0x80)),
  ]);

  it('are answered by 431, each alone', async () => {
    const { peer, server } = rawClient();
    peer.greet();
    for (let id = 1; id < 200; id += 2) peer.send(headersFrame(id, true, bomb));
    await peer.settled();
    expect(server.headsTooLarge).toBe(100);
    expect(server.requests).toHaveLength(0);
    peer.send(headersFrame(201, true));
    await server.request();
  });
});

describe('frames beyond what they may have', () => {
  it('are refused by their length alone', async () => {
    const { peer } = rawClient();
    peer.greet().send(Buffer.from('ffffff000000000001', 'hex'));
    expect(await peer.goaway()).toBe(errorCode.frameSizeError);
  });

  it('as data beyond the window of a stream, end the stream; those that go on are ignored', async () => {
    const { peer, server } = rawClient(({ stream }) => stream.pause(), { streamWindowBytes: 65_535 });
    peer.greet().send(headersFrame(1, false), ...Array(1_000).fill(dataFrame(1, Buffer.alloc(1_000))));
    expect(await peer.resetOf(1)).toBe(errorCode.flowControlError);
    await peer.settled();
    expect(server.connection.streamCount).toBe(0);
    expect(peer.frames.filter(({ type }) => type === frameType.rstStream)).toHaveLength(1);
  });
});

describe('a client that opens streams only to end them', () => {
  it('by RST_STREAM is counted, and leaves nothing behind', async () => {
    const { peer, server } = rawClient(({ stream }) => stream.sendFields(head, false));
    peer.greet();
    for (let id = 1; id < 20_000; id += 2) {
      peer.send(headersFrame(id, false), frame(frameType.rstStream, 0, id, cancel));
    }
    await peer.settled();
    expect([server.cancelledCount, server.goneCount, server.connection.streamCount]).toEqual([
      10_000, 10_000, 0,
    ]);
  });

  it('by having us reset them is counted all the same', async () => {
    const broken = (id: number) => frame(frameType.windowUpdate, 0, id, uint32(0));
    const { peer, server } = rawClient(({ stream }) => stream.sendFields(head, false));
    peer.greet();
    for (let id = 1; id < 400; id += 2) peer.send(headersFrame(id, false), broken(id));
    await peer.settled();
    expect([server.cancelledCount, server.goneCount, server.connection.streamCount]).toEqual([200, 200, 0]);
  });
});

describe('a client that does not read', () => {
  it.each([
    ['sends PING', () => ping],
    ['sends SETTINGS', () => settingsFrame()],
    ['sends requests', (count: number) => headersFrame(2 * count + 1, true)],
    [
      'sends requests and resets',
      (count: number) =>
        Buffer.concat([
          headersFrame(2 * count + 1, false),
          frame(frameType.rstStream, 0, 2 * count + 1, cancel),
        ]),
    ],
  ])('and %s is not read either', async (_what, send) => {
    const { socket, server } = deafClient(({ stream }) =>
      stream.sendFields([...head, 'x', 'y'.repeat(100)], true),
    );
    let sentBytes = 0;
    let count = 0;
    // Data allows for as many frames without content as there are.
    const useful = Buffer.concat([headersFrame(2 ** 30 + 1, false)]);
    socket.write(useful);
    for (; sentBytes < 64 * 2 ** 20; count++) {
      const bytes = Buffer.concat(Array.from({ length: 1_000 }, (_, index) => send(1_000 * count + index)));
      sentBytes += bytes.length;
      socket.write(bytes);
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (server.connection.isClosed || socket.writableLength > 2 ** 20) break;
    }
    expect(server.connection.socket.writableLength).toBeLessThan(4 * 2 ** 20);
    expect(sentBytes).toBeLessThan(16 * 2 ** 20);
  });

  it('is read again when it reads', async () => {
    const { socket, server } = deafClient(({ stream }) =>
      stream.sendFields([...head, 'x', 'y'.repeat(3_000)], true),
    );
    for (let id = 1; id < 4_000; id += 2) socket.write(headersFrame(id, true));
    for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
    const servedAtFirst = server.requests.length;
    expect(servedAtFirst).toBeLessThan(2_000);
    const peer = new RawPeer(socket);
    await server.until(() => server.requests.length === 2_000);
    await peer.next(frameType.headers, 3_999);
  });

  it('and grants no windows holds no more than a little for each stream', async () => {
    const streams = 250;
    const { peer, server } = rawClient(write);
    peer.greet([settingId.initialWindowSize, 0]);
    for (let id = 1; id < 2 * streams; id += 2) peer.send(headersFrame(id, true));
    await server.request(streams - 1);
    const written = server.requests.reduce((total, { log }) => total + log.bytes, 0);
    expect(written).toBeLessThanOrEqual(streams * (16_384 + 2 * 4_000));
    function write({ stream, log }: Served): void {
      stream.sendFields(head, false);
      let more = true;
      for (; more; log.bytes += 4_000) more = stream.write(Buffer.alloc(4_000));
    }
  });
});

describe('tiny frames into a stream that nobody reads', () => {
  it('are held together: a buffer for each would take far more memory than they have bytes', async () => {
    const { peer, server } = rawClient(({ stream }) => stream.pause());
    peer.greet().send(headersFrame(1, false));
    for (let count = 0; count < 300; count++) {
      peer.send(...Array(1_000).fill(dataFrame(1, 'x')));
      await peer.settled();
    }
    const { stream, log } = await server.request();
    const chunks: number[] = [];
    log.onData = (chunk) => chunks.push(chunk.length);
    stream.resume();
    expect(chunks.reduce((total, one) => total + one, 0)).toBe(300_000);
    expect(chunks.length).toBeLessThan(100);
  });
});

describe('a chatty client that means well is served on', () => {
  it('with many small messages both ways, and windows granted for each', async () => {
    const { peer, server } = rawClient(({ stream, log }) => {
      stream.sendFields(head, false);
      log.onData = (chunk) => stream.write(chunk);
    });
    peer.greet().send(headersFrame(1, false));
    const message = Buffer.concat([
      dataFrame(1, 'small'),
      frame(frameType.windowUpdate, 0, 1, uint32(5)),
      frame(frameType.windowUpdate, 0, 0, uint32(5)),
    ]);
    for (let count = 0; count < 100; count++) {
      peer.send(...Array(500).fill(message));
      await peer.settled();
    }
    expect(server.connection.isClosed).toBe(false);
    expect(peer.dataBytesOf(1)).toBe(250_000);
  });

  it('that only reads: windows and a PING for each message', async () => {
    const { peer, server } = rawClient(({ stream }) => stream.sendFields(head, false));
    peer.greet().send(headersFrame(1, true));
    const { stream } = await server.request();
    for (let count = 0; count < 20_000; count++) {
      stream.write(Buffer.from('small'));
      peer.send(
        frame(frameType.windowUpdate, 0, 1, uint32(5)),
        frame(frameType.windowUpdate, 0, 0, uint32(5)),
        ping,
      );
      if (count % 100 === 0) await peer.settled();
    }
    await peer.settled();
    expect(server.connection.isClosed).toBe(false);
  });

  it('that reads much data with a small window, granted bit by bit', async () => {
    const { peer, server } = rawClient(({ stream, log }) => {
      stream.sendFields(head, false);
      const write = () => {
        while (stream.write(Buffer.alloc(16_384))) log.bytes += 16_384;
      };
      log.onDrain = write;
      write();
    });
    peer.greet().send(headersFrame(1, true));
    const grant = [0, 1].map((id) => frame(frameType.windowUpdate, 0, id, uint32(1_024)));
    for (let count = 0; count < 200; count++) {
      for (let piece = 0; piece < 64; piece++) peer.send(...grant);
      await peer.settled();
      peer.frames.length = 0;
    }
    expect(server.connection.isClosed).toBe(false);
  });
});

/** A client that never reads what the server sends. */
function deafClient(onRequest: (served: Served) => void) {
  const [ours, theirs] = duplexPair();
  const server = new TestServer(ours, onRequest);
  const peer = { socket: theirs };
  theirs.on('error', () => {});
  theirs.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settingsFrame()]));
  return { ...peer, server };
}
