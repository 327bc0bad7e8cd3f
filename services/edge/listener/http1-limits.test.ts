import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { ListenerLimits } from './limits.ts';
import { dial, follow, listen, takeCalls } from './testing.ts';

async function serve(limits: Partial<ListenerLimits> = {}) {
  const calls = takeCalls();
  const port = await listen({ rpc: calls.rpc }, { limits });
  return { port, calls, connection: await dial(port) };
}

const get = 'GET / HTTP/1.1\r\nHost: edge\r\n\r\n';
const post = 'POST / HTTP/1.1\r\nHost: edge\r\nContent-Length: 5\r\n\r\n';

it('headers of more than 16 KiB are answered 431, and the connection ends', async () => {
  const { connection } = await serve();
  connection.socket.write(`GET / HTTP/1.1\r\nHost: edge\r\nX-Long: ${'x'.repeat(16_384)}\r\n\r\n`);
  await connection.ended;
  expect(connection.text).toMatch(/^HTTP\/1.1 431 /);
});

describe('a body that makes no progress', () => {
  it('is answered 408, and its call hears of it', async () => {
    const { port, calls, connection } = await serve({ bodyIdleMs: 20 });
    connection.socket.write(`${post}hel`);
    const followed = follow(await calls.next());
    await Promise.all([connection.ended, followed.gone]);
    expect(connection.text).toMatch(/^HTTP\/1.1 408 /);
    expect(followed).toMatchObject({ isBodyComplete: false, goneCount: 1 });
    expect(port.counts.bodiesCutOff).toBe(1);
  });

  it('whose answer has begun is cut off with its connection', async () => {
    const { calls, connection } = await serve({ bodyIdleMs: 20 });
    connection.socket.write(`${post}hel`);
    const exchange = await calls.next();
    const followed = follow(exchange);
    exchange.respond(200, []);
    await Promise.all([connection.ended, followed.gone]);
    expect(connection.text).not.toContain('408');
  });

  it('is left alone while we hold it back, or nobody reads it yet', async () => {
    const { port, calls, connection } = await serve({ bodyIdleMs: 20 });
    connection.socket.write(`${post}hel`);
    const paused = await calls.next();
    const followed = follow(paused);
    paused.pause();
    const other = await dial(port);
    other.socket.write(post);
    const unread = await calls.next();
    // This one is not held back: when it is cut off, the others had their chance.
    const slow = await dial(port);
    slow.socket.write(post);
    await follow(await calls.next()).gone;
    connection.socket.write('lo');
    other.socket.write('hello');
    paused.resume();
    expect(await followed.body).toBe('hello');
    expect(await follow(unread).body).toBe('hello');
  });
});

describe('a connection', () => {
  it('without a call ends after its time', async () => {
    const { calls, connection } = await serve({ idleMs: 20 });
    connection.socket.write(get);
    (await calls.next()).respond(204, [], true);
    await connection.ended;
    expect(connection.text).toContain('204');
  });

  it('that is too old finishes its call, says so, and ends', async () => {
    const { calls, connection } = await serve({ maxConnectionMs: 20 });
    connection.socket.write(get);
    const exchange = await calls.next();
    // An idle one that may become older, by more than their ends are spread: the other is too old when it ends.
    await serve({ maxConnectionMs: 40 }).then(async ({ connection: idle, calls: idleCalls }) => {
      idle.socket.write(get);
      (await idleCalls.next()).respond(204, [], true);
      await idle.ended;
    });
    exchange.respond(200, [], true);
    await connection.ended;
    expect(connection.text).toContain('Connection: close');
  });

  it('beyond the limit of its address is closed at once, and counted, until one of them ends', async () => {
    const { port, calls, connection } = await serve({ connectionsPerAddressMax: 1 });
    const second = await dial(port);
    await second.ended;
    expect(port.counts.connectionsRefused).toBe(1);
    connection.socket.write(get);
    (await calls.next()).respond(200, ['connection', 'close'], true);
    await connection.ended;
    connection.socket.end();
    await once(connection.socket, 'close');
    await expect
      .poll(async () => {
        const next = await dial(port);
        next.socket.write(get);
        return Promise.race([next.ended.then(() => 'refused'), calls.next().then(() => 'served')]);
      })
      .toBe('served');
  });
});
