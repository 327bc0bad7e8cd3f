import { duplexPair } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { errorCode, frameFlag, frameType } from './frame.ts';
import {
  blockOf,
  bothRoles,
  dataFrame,
  frame,
  headersFrame,
  rawClient,
  rawServer,
  requestFields,
  type StreamLog,
  socketPair,
  TestClient,
  TestServer,
  uint32,
} from './testing.ts';

const head = [':status', '200'];
const headBlock = blockOf(head);
const trailersBlock = blockOf(['grpc-status', '0']);

describe('a listener that throws', () => {
  const bug = new Error('a bug');
  const boom = () => {
    throw bug;
  };

  it.each(['onFields', 'onData', 'onEnd', 'onDrain'] as const)(
    'in %s loses its stream, and no other',
    async (name) => {
      const { peer, server } = rawClient(({ stream, log }) => {
        if (stream.id === 1) log[name] = boom;
      });
      peer.greet().send(headersFrame(1, false), headersFrame(3, false));
      const { stream, log } = await server.request();
      if (name === 'onFields') peer.send(headersFrame(1, true, blockOf(['a', 'b'])));
      else if (name === 'onDrain') {
        stream.write(Buffer.alloc(100_000));
        peer.send(frame(frameType.windowUpdate, 0, 1, uint32(100_000)));
        peer.send(frame(frameType.windowUpdate, 0, 0, uint32(100_000)));
      } else peer.send(dataFrame(1, 'data', true));
      expect(await peer.resetOf(1)).toBe(errorCode.internalError);
      expect(log.reset).toEqual({ code: errorCode.internalError, isLost: false });
      expect(server.bugs).toEqual([bug]);
      peer.send(dataFrame(3, 'data', true));
      await peer.settled();
      expect((await server.request(1)).log.data.toString()).toBe('data');
    },
  );

  it('in onReset harms nobody', async () => {
    const { peer, server } = rawClient(({ log }) => Object.assign(log, { onReset: boom }));
    peer.greet().send(headersFrame(1, false), frame(frameType.rstStream, 0, 1, uint32(errorCode.cancel)));
    await peer.settled();
    expect(server.bugs).toEqual([bug]);
    expect(server.goneCount).toBe(1);
  });

  it('in onReset harms nobody where the connection is lost', async () => {
    const { peer, server } = rawClient(({ log }) => Object.assign(log, { onReset: boom }));
    peer.greet().send(headersFrame(1, false), headersFrame(3, false));
    await server.request(1);
    server.connection.socket.destroy();
    await server.until(() => server.isClosed);
    expect(server.bugs).toEqual([bug, bug]);
    expect(server.goneCount).toBe(2);
  });

  it('while it is given what was held loses its stream, and who resumed it hears nothing', async () => {
    const { peer, server } = rawClient(({ stream, log }) => {
      stream.pause();
      log.onData = boom;
    });
    peer.greet().send(headersFrame(1, false), dataFrame(1, 'data', true));
    await peer.settled();
    const { stream } = await server.request();
    expect(() => stream.resume()).not.toThrow();
    expect(await peer.resetOf(1)).toBe(errorCode.internalError);
    expect(server.bugs).toEqual([bug]);
  });

  it('when it is given a request loses that request', async () => {
    const { peer, server } = rawClient(({ stream }) => {
      if (stream.id === 1) boom();
      stream.sendFields(head, true);
    });
    peer.greet().send(headersFrame(1, true), headersFrame(3, true));
    expect(await peer.resetOf(1)).toBe(errorCode.internalError);
    await peer.next(frameType.headers, 3);
    expect(server.bugs).toEqual([bug]);
    expect(server.goneCount).toBe(2);
  });

  it('on the side of a client loses its stream, and no other', async () => {
    const { client, server } = bothRoles(({ stream }) => stream.sendFields(head, false));
    const broken = client.request();
    broken.log.onFields = boom;
    const sound = client.request();
    await broken.log.until(() => broken.log.reset !== undefined);
    await sound.log.until(() => sound.log.heads.length === 1);
    await server.until(() => server.cancelledCount === 1);
    expect(client.bugs).toEqual([bug]);
    expect(client.connection.streamCount).toBe(1);
  });
});

describe('a stream that is paused', () => {
  it('tells nothing, and then all, in order', async () => {
    const { client, server } = bothRoles(({ stream }) => {
      stream.sendFields(head, false);
      stream.write(Buffer.from('one'));
      stream.write(Buffer.from('two'));
      stream.end(['grpc-status', '0']);
    });
    const { stream, log } = client.request();
    stream.pause();
    stream.end();
    await server.request();
    await client.settled();
    expect([log.heads, log.bytes]).toEqual([[], 0]);
    expect(client.connection.streamCount).toBe(1);
    stream.resume();
    expect(log.heads).toEqual([
      { fields: head, isLast: false },
      { fields: ['grpc-status', '0'], isLast: true },
    ]);
    expect(log.data.toString()).toBe('onetwo');
    expect(client.connection.streamCount).toBe(0);
  });

  it.each([
    ['data', dataFrame(1, 'last', true)],
    ['empty data', frame(frameType.data, frameFlag.endStream, 1)],
    ['trailers', headersFrame(1, true, trailersBlock)],
  ])('is not told of an end by %s either', async (_what, end) => {
    const { peer, server } = rawClient(({ stream }) => stream.pause());
    peer.greet().send(headersFrame(1, false), end);
    await peer.settled();
    const { stream, log } = await server.request();
    expect(log.isEnded).toBe(false);
    stream.resume();
    expect(log.isEnded).toBe(true);
  });

  it('while it is told something is told no more, even of an end in the same frame', async () => {
    const { peer, server } = rawClient(({ stream, log }) => {
      const { onData } = log;
      log.onData = (chunk) => {
        onData.call(log, chunk);
        stream.pause();
      };
    });
    peer.greet().send(headersFrame(1, false), dataFrame(1, 'data', true));
    await peer.settled();
    const { stream, log } = await server.request();
    expect([log.data.toString(), log.endCount]).toEqual(['data', 0]);
    stream.resume();
    expect(log.endCount).toBe(1);
  });

  it('and resumed for each piece does not go deeper with each', async () => {
    const { peer, server } = rawClient(({ stream, log }) => {
      const { onData } = log;
      stream.pause();
      log.onData = (chunk) => {
        stream.pause();
        onData.call(log, chunk);
        stream.resume();
      };
    });
    const chunk = Buffer.alloc(5_000);
    peer
      .greet()
      .send(headersFrame(1, false), ...Array(200).fill(dataFrame(1, chunk)), dataFrame(1, chunk, true));
    await peer.settled();
    const { stream, log } = await server.request();
    let depthMax = 0;
    const { onData } = log;
    log.onData = (piece) => {
      depthMax = Math.max(depthMax, new Error().stack?.split('tellHeld').length ?? 0);
      onData.call(log, piece);
    };
    stream.resume();
    expect([log.bytes, log.endCount, depthMax]).toEqual([201 * 5_000, 1, 2]);
  });

  it('is told of a reset at once; what was held is forgotten', async () => {
    const { peer, server } = rawClient(({ stream }) => stream.pause());
    peer.greet().send(headersFrame(1, false), dataFrame(1, 'data'));
    peer.send(frame(frameType.rstStream, 0, 1, uint32(errorCode.cancel)));
    await peer.settled();
    const { stream, log } = await server.request();
    expect(log.reset).toEqual({ code: errorCode.cancel, isLost: false });
    stream.resume();
    expect(log.bytes).toBe(0);
  });
});

describe('a complete answer that is read slowly', () => {
  const complete = [
    headersFrame(1, false, headBlock),
    dataFrame(1, 'data'),
    headersFrame(1, true, trailersBlock),
  ];

  it('is read whole where the server says that it needs no more of the request', async () => {
    const { client, peer } = rawServer();
    const { stream, log } = client.request();
    stream.pause();
    stream.write(Buffer.alloc(100_000));
    peer.send(...complete, frame(frameType.rstStream, 0, 1, uint32(errorCode.noError)));
    await peer.settled();
    expect(log.reset).toBeUndefined();
    stream.resume();
    expect([log.data.toString(), log.isEnded, log.reset]).toEqual(['data', true, undefined]);
    expect(client.connection.streamCount).toBe(0);
  });

  it('is read whole where the connection is lost behind it', async () => {
    const { client, peer } = rawServer();
    const { stream, log } = client.request();
    const other = client.request();
    stream.pause();
    peer.send(...complete);
    await peer.settled();
    client.connection.socket.destroy();
    await client.until(() => client.isClosed);
    expect(other.log.reset).toEqual({ code: errorCode.cancel, isLost: true });
    stream.resume();
    expect([log.data.toString(), log.isEnded, log.reset]).toEqual(['data', true, undefined]);
    expect(client.connection.streamCount).toBe(0);
  });

  it('is lost where the server takes it back', async () => {
    const { client, peer } = rawServer();
    const { stream, log } = client.request();
    stream.pause();
    peer.send(...complete, frame(frameType.rstStream, 0, 1, uint32(errorCode.internalError)));
    await peer.settled();
    expect(log.reset).toEqual({ code: errorCode.internalError, isLost: false });
  });
});

describe('whoever hears a stream', () => {
  it('may end it while it is told of the last data, and still hears of the end', async () => {
    const { client, peer } = rawServer();
    const { stream, log } = client.request();
    const { onData } = log;
    log.onData = (chunk) => {
      onData.call(log, chunk);
      stream.end();
    };
    peer.send(headersFrame(1, false, headBlock), dataFrame(1, 'last', true));
    await peer.settled();
    expect([log.data.toString(), log.endCount]).toEqual(['last', 1]);
    expect(client.connection.streamCount).toBe(0);
  });

  it.each(['onFields', 'onData'] as const)('may reset it in %s, and hears nothing more', async (name) => {
    const { client, peer } = rawServer();
    const { stream, log } = client.request();
    log[name] = () => stream.reset(errorCode.cancel);
    peer.send(headersFrame(1, false, headBlock), dataFrame(1, 'last', true));
    expect(await peer.resetOf(1)).toBe(errorCode.cancel);
    expect([log.endCount, log.reset]).toEqual([0, undefined]);
    expect(client.goneCount).toBe(1);
  });

  it('may end the connection, which is told to all others', async () => {
    const { peer, server } = rawClient(({ log }) => {
      log.onData = () => server.connection.fail(errorCode.enhanceYourCalm, 'enough');
    });
    peer.greet().send(headersFrame(1, false), headersFrame(3, false), dataFrame(1, 'data', true));
    expect(await peer.goaway()).toBe(errorCode.enhanceYourCalm);
    expect(server.requests.map(({ log }) => log.reset)).toEqual(
      Array(2).fill({ code: errorCode.cancel, isLost: true }),
    );
    expect(server.bugs).toEqual([]);
  });

  it('may open and reset streams in whatever it is told', async () => {
    const { client, server } = bothRoles(({ stream }) => stream.sendFields(head, true));
    const logs: StreamLog[] = [];
    const open = () => {
      const { stream, log } = client.request();
      logs.push(log);
      log.onFields = () => {
        if (logs.length < 50) open();
        stream.reset(errorCode.cancel);
      };
      stream.end();
    };
    open();
    await client.until(() => client.goneCount === 50);
    await client.settled();
    expect(server.connection.streamCount).toBe(0);
    expect(client.connection.streamCount).toBe(0);
  });
});

describe('a stream that is over', () => {
  it('ignores all that it is told', async () => {
    const { peer, server } = rawClient();
    peer.greet().send(headersFrame(1, true));
    const { stream } = await server.request();
    stream.sendFields(head, false);
    stream.reset(errorCode.cancel);
    stream.sendFields(head, true);
    expect(stream.write(Buffer.alloc(10))).toBe(true);
    stream.end(['a', 'b']);
    stream.reset(errorCode.internalError);
    stream.pause();
    stream.resume();
    await peer.settled();
    expect(peer.frames.filter(({ streamId }) => streamId === 1).map(({ type }) => type)).toEqual([1, 3]);
    expect(server.goneCount).toBe(1);
  });

  it('is none whose connection was gone before', async () => {
    const { client } = rawServer();
    client.connection.fail(errorCode.noError);
    const { stream, log } = client.request();
    stream.write(Buffer.from('late'));
    stream.end();
    expect(log.reset).toBeUndefined();
    await log.until(() => log.reset !== undefined);
    expect(log.reset).toEqual({ code: errorCode.refusedStream, isLost: true });
    expect(client.connection.streamCount).toBe(0);
  });

  it('is each where the socket dies, at whatever moment', async () => {
    for (let moment = 0; moment < 12; moment++) {
      const [ours, theirs] = await socketPair();
      const server = new TestServer(theirs, ({ stream }) => {
        stream.sendFields(head, false);
        stream.write(Buffer.alloc(200_000));
      });
      const client = new TestClient(ours);
      const calls = Array.from({ length: 5 }, () => client.request(requestFields));
      for (const { stream } of calls) stream.write(Buffer.alloc(200_000));
      for (let turn = 0; turn < moment; turn++) await new Promise((resolve) => setImmediate(resolve));
      (moment % 2 === 0 ? ours : theirs).resetAndDestroy();
      await Promise.all([client.until(() => client.isClosed), server.until(() => server.isClosed)]);
      for (const { log } of calls) expect(log.reset).toEqual({ code: errorCode.cancel, isLost: true });
      for (const { log } of server.requests) expect(log.reset?.isLost).toBe(true);
      expect([client.connection.streamCount, server.connection.streamCount]).toEqual([0, 0]);
      expect([...client.bugs, ...server.bugs]).toEqual([]);
    }
  });

  it('is each where the socket was dead from the beginning', async () => {
    const [ours] = duplexPair();
    ours.destroy();
    const client = new TestClient(ours);
    const { log } = client.request();
    await log.until(() => log.reset !== undefined);
    expect(log.reset?.isLost).toBe(true);
  });
});
