import { describe, expect, it } from 'vitest';
import { errorCode, frameFlag, frameType, settingId } from './frame.ts';
import {
  blockOf,
  dataFrame,
  frame,
  headersFrame,
  rawClient,
  requestFields,
  settingsFrame,
  uint32,
} from './testing.ts';

const head = [':status', '200'];

describe('a client that breaks the protocol', () => {
  const request = headersFrame(1, false);
  const priorityOfItself = Buffer.concat([uint32(7), Buffer.of(0)]);
  it.each([
    ['begins with something else', [frame(frameType.ping, 0, 0, Buffer.alloc(8))], 'protocolError'],
    ['begins with an answer', [frame(frameType.settings, frameFlag.ack, 0)], 'protocolError'],
    ['opens a stream with an even id', [settingsFrame(), headersFrame(2, false)], 'protocolError'],
    ['opens a stream again', [settingsFrame(), headersFrame(3, true), headersFrame(3, true)], 'streamClosed'],
    ['sends data of no stream', [settingsFrame(), dataFrame(0, 'a')], 'protocolError'],
    ['sends data of an idle stream', [settingsFrame(), dataFrame(1, 'a')], 'protocolError'],
    ['sends data after its end', [settingsFrame(), headersFrame(1, true), dataFrame(1, 'a')], 'streamClosed'],
    [
      'interrupts a head',
      [settingsFrame(), frame(1, 0, 1), frame(6, 0, 0, Buffer.alloc(8))],
      'protocolError',
    ],
    ['goes on with no head', [settingsFrame(), frame(9, 4, 1)], 'protocolError'],
    ['goes on with another head', [settingsFrame(), frame(1, 0, 1), frame(9, 4, 3)], 'protocolError'],
    ['pads more than there is', [settingsFrame(), request, frame(0, 8, 1, Buffer.of(1))], 'protocolError'],
    ['pads nothing', [settingsFrame(), request, frame(0, 8, 1)], 'protocolError'],
    ['pads more head than there is', [settingsFrame(), frame(1, 0xc, 1, Buffer.of(9))], 'protocolError'],
    ['pushes', [settingsFrame(), frame(5, 4, 1, Buffer.alloc(8))], 'protocolError'],
    ['resets an idle stream', [settingsFrame(), frame(3, 0, 1, uint32(8))], 'protocolError'],
    ['widens an idle stream', [settingsFrame(), frame(8, 0, 1, uint32(8))], 'protocolError'],
    ['has a stream depend on itself', [settingsFrame(), frame(2, 0, 7, priorityOfItself)], 'protocolError'],
    ['opens one that does', [settingsFrame(), frame(1, 0x24, 7, priorityOfItself)], 'protocolError'],
    ['sends PRIORITY of another size', [settingsFrame(), frame(2, 0, 7, uint32(1))], 'frameSizeError'],
    ['sends RST_STREAM of another size', [settingsFrame(), request, frame(3, 0, 1)], 'frameSizeError'],
    ['sends PING of another size', [settingsFrame(), frame(6, 0, 0)], 'frameSizeError'],
    ['sends WINDOW_UPDATE of another size', [settingsFrame(), frame(8, 0, 0)], 'frameSizeError'],
    ['sends SETTINGS of another size', [settingsFrame(), frame(4, 0, 0, uint32(1))], 'frameSizeError'],
    ['answers SETTINGS with some', [settingsFrame(), frame(4, 1, 0, Buffer.alloc(6))], 'frameSizeError'],
    ['sends SETTINGS of a stream', [settingsFrame(), frame(4, 0, 1)], 'protocolError'],
    ['wants half a push', [settingsFrame([settingId.enablePush, 2])], 'protocolError'],
    ['wants too wide a window', [settingsFrame([settingId.initialWindowSize, 2 ** 31])], 'flowControlError'],
    ['wants too small frames', [settingsFrame([settingId.maxFrameSize, 16_383])], 'protocolError'],
    ['wants too large frames', [settingsFrame([settingId.maxFrameSize, 2 ** 24])], 'protocolError'],
    ['cannot be decoded', [settingsFrame(), frame(1, 5, 1, Buffer.of(0x80))], 'compressionError'],
  ] as const)('and %s loses its connection', async (_what, frames, code) => {
    const { peer, server } = rawClient();
    peer.send(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), ...frames);
    expect(await peer.goaway()).toBe(errorCode[code]);
    await peer.until(() => peer.isEnded);
    expect([server.isClosed, server.connection.streamCount, server.bugs]).toEqual([true, 0, []]);
  });

  it('and is none loses its connection at the first byte that says so', async () => {
    const { peer } = rawClient();
    peer.send(Buffer.from('PRI * HTTP/1'));
    expect(await peer.goaway()).toBe(errorCode.protocolError);
  });

  it.each([
    ['a body shorter than announced', 5, [dataFrame(1, 'four', true)]],
    ['a body longer than announced', 3, [dataFrame(1, 'four')]],
    [
      'a body shorter than announced before trailers',
      5,
      [dataFrame(1, 'four'), headersFrame(1, true, blockOf([]))],
    ],
  ])('by %s loses that stream', async (_what, length, frames) => {
    const { peer, server } = rawClient();
    const block = blockOf([...requestFields, 'content-length', String(length)]);
    peer.greet().send(headersFrame(1, false, block), headersFrame(3, false), ...frames);
    expect(await peer.resetOf(1)).toBe(errorCode.protocolError);
    expect((await server.request()).log.reset?.code).toBe(errorCode.protocolError);
    expect(server.cancelledCount).toBe(1);
    expect(server.connection.streamCount).toBe(1);
  });

  it.each([
    ['do not end the stream', headersFrame(1, false, blockOf(['a', 'b']))],
    ['have pseudo-header fields', headersFrame(1, true, blockOf([':path', '/']))],
    ['have a name that is none', headersFrame(1, true, blockOf(['A', 'b']))],
  ])('by trailers that %s loses that stream', async (_what, trailers) => {
    const { peer } = rawClient();
    peer.greet().send(headersFrame(1, false), trailers);
    expect(await peer.resetOf(1)).toBe(errorCode.protocolError);
    await peer.settled();
  });
});

describe('a request', () => {
  it('comes with its body and its trailers, however it is padded', async () => {
    const { peer, server } = rawClient();
    const block = blockOf([...requestFields, 'content-length', '4']);
    const padded = Buffer.concat([Buffer.of(3), Buffer.from('four'), Buffer.alloc(3)]);
    const paddedHead = Buffer.concat([Buffer.of(2), Buffer.alloc(5), block.subarray(0, 20), Buffer.alloc(2)]);
    peer
      .greet()
      .send(
        frame(frameType.headers, frameFlag.padded | frameFlag.priority, 1, paddedHead),
        frame(frameType.continuation, frameFlag.endHeaders, 1, block.subarray(20)),
        frame(frameType.data, frameFlag.padded, 1, padded),
        headersFrame(1, true, blockOf(['a', 'b'])),
      );
    await peer.settled();
    const { fields, isWhole, log } = await server.request();
    expect([isWhole, fields.at(-1), log.data.toString()]).toEqual([false, '4', 'four']);
    expect(log.heads).toEqual([{ fields: ['a', 'b'], isLast: true }]);
  });

  it('beyond those that may be open is refused, and may be made again', async () => {
    const { peer, server } = rawClient(undefined, { streamsMax: 1 });
    peer.greet().send(headersFrame(1, true), headersFrame(3, false));
    expect(await peer.resetOf(3)).toBe(errorCode.refusedStream);
    peer.send(dataFrame(3, 'on its way'));
    (await server.request()).stream.sendFields(head, true);
    peer.send(headersFrame(5, true));
    expect((await server.request(1)).stream.id).toBe(5);
  });

  it('whose head is too large is answered by 431, and the next one as if nothing had been', async () => {
    const { peer, server } = rawClient();
    const block = blockOf([...requestFields, 'x-long', 'x'.repeat(16_250)]);
    peer.greet().send(headersFrame(1, false, block), dataFrame(1, 'body', true), headersFrame(3, true));
    await server.request();
    await peer.settled();
    expect([server.headsTooLarge, server.requests.length, server.goneCount]).toEqual([1, 1, 0]);
    expect(peer.frames.filter(({ streamId }) => streamId === 1).map(({ type }) => type)).toEqual([1, 3]);
  });

  it('that is answered before it is complete is told to stop, by NO_ERROR behind the answer', async () => {
    const { peer, server } = rawClient();
    peer.greet().send(headersFrame(1, false));
    const { stream } = await server.request();
    stream.sendFields(head, false);
    stream.write(Buffer.from('answer'));
    stream.end();
    peer.send(dataFrame(1, 'on its way', true));
    await peer.settled();
    const frames = peer.frames.filter(({ streamId }) => streamId === 1);
    expect(frames.map(({ type, flags }) => [type, flags])).toEqual([
      [frameType.headers, frameFlag.endHeaders],
      [frameType.data, frameFlag.endStream],
      [frameType.rstStream, 0],
    ]);
    expect(server.connection.streamCount).toBe(0);
  });
});

describe('a connection that drains', () => {
  it('takes no more requests, lets those under way end, and then is over', async () => {
    const { peer, server } = rawClient();
    peer.greet().send(headersFrame(1, true));
    const { stream } = await server.request();
    server.connection.drain();
    peer.send(headersFrame(3, true));
    expect(await peer.resetOf(3)).toBe(errorCode.refusedStream);
    stream.sendFields(head, true);
    await peer.until(() => peer.isEnded);
    const goaways = peer.frames.filter(({ type }) => type === frameType.goaway);
    expect(goaways.map(({ payload }) => [payload.readUInt32BE(), payload.readUInt32BE(4)])).toEqual([
      [1, errorCode.noError],
      [1, errorCode.noError],
    ]);
  });

  it('takes what comes until the client knows of it', async () => {
    const { peer, server } = rawClient();
    peer.greet();
    let isKnown = false;
    server.connection.announceDrain(() => {
      isKnown = true;
    });
    peer.send(headersFrame(1, true));
    await server.request();
    expect(isKnown).toBe(false);
    const { payload } = await peer.next(frameType.ping);
    peer.send(frame(frameType.ping, frameFlag.ack, 0, payload));
    await peer.settled();
    expect(isKnown).toBe(true);
    expect((await peer.next(frameType.goaway)).payload.readUInt32BE()).toBe(2 ** 31 - 1);
  });

  it('sends all that it has to a client that reads slowly, before it is over', async () => {
    const { peer, server } = rawClient();
    peer.greet([settingId.initialWindowSize, 2 ** 30]);
    peer.send(frame(frameType.windowUpdate, 0, 0, uint32(2 ** 30)), headersFrame(1, true));
    const { stream } = await server.request();
    peer.socket.pause();
    stream.sendFields(head, false);
    stream.write(Buffer.alloc(400_000));
    stream.end();
    server.connection.drain();
    expect(server.isClosed).toBe(true);
    peer.socket.resume();
    await peer.until(() => peer.isEnded);
    expect(peer.dataBytesOf(1)).toBe(400_000);
  });
});

describe('PING', () => {
  it('is answered, and its answers go to whoever asked', async () => {
    const { peer, server } = rawClient();
    peer.greet();
    const heard: number[] = [];
    for (const id of [1, 2, 3]) server.connection.ping(() => heard.push(id));
    await peer.settled();
    const pings = peer.frames.filter(({ type, flags }) => type === frameType.ping && flags === 0);
    const answer = (index: number) =>
      peer.send(frame(frameType.ping, frameFlag.ack, 0, pings[index]?.payload ?? Buffer.alloc(8)));
    answer(0);
    await peer.settled();
    server.connection.ping(() => heard.push(4));
    for (const index of [2, 1, 1]) answer(index);
    await peer.settled();
    expect(heard).toEqual([1, 3, 2]);
  });
});
