import { describe, expect, it } from 'vitest';
import { errorCode, frameFlag, frameType, settingId } from './frame.ts';
import {
  blockOf,
  dataFrame,
  frame,
  headersFrame,
  rawServer,
  requestFields,
  settingsFrame,
  uint32,
} from './testing.ts';

const headOf = (id: number, isLast: boolean, ...fields: string[]) =>
  headersFrame(id, isLast, blockOf(fields));
const goaway = (lastStreamId: number, code: number) =>
  frame(frameType.goaway, 0, 0, Buffer.concat([uint32(lastStreamId), uint32(code)]));

describe('an answer', () => {
  it('comes without what informs of it', async () => {
    const { client, peer } = rawServer();
    const { log } = client.request();
    peer.send(headOf(1, false, ':status', '100'), headOf(1, false, ':status', '103', 'link', 'x'));
    peer.send(headOf(1, false, ':status', '200', 'content-length', '4'), dataFrame(1, 'four'));
    peer.send(headOf(1, true, 'grpc-status', '0'));
    await peer.settled();
    expect(log.heads.map(({ fields, isLast }) => [fields[0], isLast])).toEqual([
      [':status', false],
      ['grpc-status', true],
    ]);
  });

  it.each([
    ['is none', [headOf(1, true, ':status', '100')]],
    ['changes the protocol', [headOf(1, false, ':status', '101')]],
    ['has data before its head', [dataFrame(1, 'early')]],
    ['has data behind what informs of it', [headOf(1, false, ':status', '100'), dataFrame(1, 'early')]],
    ['has no status', [headOf(1, false, 'a', 'b')]],
    ['has a second head', [headOf(1, false, ':status', '200'), headOf(1, false, ':status', '200')]],
    ['has a status in its trailers', [headOf(1, false, ':status', '200'), headOf(1, true, ':status', '200')]],
    ['has names that are none', [headOf(1, false, ':status', '200', 'A', 'b')]],
    ['has too many fields', [headOf(1, false, ':status', '200', 'a', 'b'.repeat(16_350))]],
    ['is shorter than announced', [headOf(1, true, ':status', '200', 'content-length', '1')]],
    [
      'ends too soon',
      [headOf(1, false, ':status', '200', 'content-length', '9'), dataFrame(1, 'four', true)],
    ],
    [
      'ends too soon by trailers',
      [headOf(1, false, ':status', '200', 'content-length', '9'), headOf(1, true, 'grpc-status', '0')],
    ],
    [
      'is longer than announced',
      [headOf(1, false, ':status', '200', 'content-length', '3'), dataFrame(1, 'four')],
    ],
  ])('that %s fails its call, and no other', async (_what, frames) => {
    const { client, peer } = rawServer();
    const { log } = client.request();
    const other = client.request();
    peer.send(...frames);
    expect(await peer.resetOf(1)).toBe(errorCode.protocolError);
    expect(log.reset).toEqual({ code: errorCode.protocolError, isLost: false });
    peer.send(headOf(3, true, ':status', '200'));
    await peer.settled();
    expect(other.log.isEnded).toBe(true);
    expect(client.bugs).toEqual([]);
  });

  it.each([
    ['to HEAD', 'HEAD', '200'],
    ['304', 'GET', '304'],
  ])('%s announces a body that it does not have', async (_what, method, status) => {
    const { client, peer } = rawServer();
    const { log } = client.request([':method', method, ...requestFields.slice(2)]);
    peer.send(headOf(1, true, ':status', status, 'content-length', '9'));
    await peer.settled();
    expect(log.isEnded).toBe(true);
  });

  it('that comes late, to a stream that was reset, is ignored', async () => {
    const { client, peer } = rawServer();
    client.request().stream.reset(errorCode.cancel);
    peer.send(headOf(1, false, ':status', '200'), dataFrame(1, 'late'), headOf(1, true, 'grpc-status', '0'));
    await peer.settled();
    expect(client.connection.isClosed).toBe(false);
  });
});

describe('a request', () => {
  it('without a body is one frame; one with a body ends with the last of it', async () => {
    const { client, peer } = rawServer();
    client.request().stream.end();
    const { stream } = client.request();
    stream.write(Buffer.from('message'));
    stream.end();
    await peer.next(frameType.data, 3);
    const sent = peer.frames.filter(({ streamId }) => streamId > 0);
    expect(sent.map(({ type, flags, streamId }) => [streamId, type, flags])).toEqual([
      [1, frameType.headers, frameFlag.endHeaders | frameFlag.endStream],
      [3, frameType.headers, frameFlag.endHeaders],
      [3, frameType.data, frameFlag.endStream],
    ]);
  });
});

describe('GOAWAY', () => {
  it('refuses what the server did not look at, and lets the rest end', async () => {
    const { client, peer } = rawServer();
    const calls = [1, 3, 5].map(() => client.request());
    peer.send(goaway(2 ** 31 - 1, errorCode.noError));
    await peer.settled();
    expect(client.connection.takesStreams).toBe(false);
    expect(calls.every(({ log }) => log.reset === undefined)).toBe(true);
    peer.send(goaway(1, errorCode.noError));
    await peer.settled();
    expect(calls.map(({ log }) => log.reset?.code)).toEqual([
      undefined,
      errorCode.refusedStream,
      errorCode.refusedStream,
    ]);
    for (const { stream } of calls) stream.end();
    peer.send(headOf(1, true, ':status', '200'));
    await client.until(() => client.isClosed);
    expect(calls[0]?.log.isEnded).toBe(true);
    expect(client.goaways).toEqual([2 ** 31 - 1, 1]);
  });

  it('with an error loses what is under way', async () => {
    const { client, peer } = rawServer();
    const [seen, unseen] = [client.request(), client.request()];
    peer.send(goaway(1, errorCode.enhanceYourCalm));
    await client.until(() => client.isClosed);
    expect(seen.log.reset).toEqual({ code: errorCode.cancel, isLost: true });
    expect(unseen.log.reset).toEqual({ code: errorCode.refusedStream, isLost: false });
  });
});

describe('a server that breaks the protocol', () => {
  it.each([
    ['opens a stream', headOf(2, false, ':status', '200'), errorCode.protocolError],
    ['answers what was not asked', headOf(9, false, ':status', '200'), errorCode.protocolError],
    ['pushes', frame(frameType.pushPromise, 4, 1, uint32(2)), errorCode.protocolError],
    ['says that it may be pushed to', settingsFrame([settingId.enablePush, 1]), errorCode.protocolError],
  ])('and %s loses its connection', async (_what, sent, code) => {
    const { client, peer } = rawServer();
    const { log } = client.request();
    peer.send(sent);
    expect(await peer.goaway()).toBe(code);
    expect(log.reset?.isLost).toBe(true);
    expect(client.isClosed).toBe(true);
  });
});

it('tells how many streams the server takes, whenever that changes', async () => {
  const { client, peer } = rawServer();
  await client.until(() => client.settingsCount === 1);
  expect(client.connection.streamsMax).toBe(Number.POSITIVE_INFINITY);
  peer.send(settingsFrame([settingId.maxConcurrentStreams, 7], [0xff, 1]));
  await client.until(() => client.settingsCount === 2);
  peer.send(settingsFrame([settingId.headerTableSize, 0]));
  await client.until(() => client.settingsCount === 3);
  expect(client.connection.streamsMax).toBe(7);
});

it('is let go when it is retired and its streams are over', async () => {
  const { client, peer } = rawServer();
  const { stream } = client.request();
  stream.end();
  client.connection.retire();
  await peer.settled();
  expect([client.isClosed, client.goneCount]).toEqual([false, 0]);
  peer.send(headOf(1, true, ':status', '200'));
  await client.until(() => client.isClosed);
  expect(await peer.goaway()).toBe(errorCode.noError);
});
