import { once } from 'node:events';
import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { OnePortOptions } from './one-port.ts';
import { createTestCertificate } from './test-certificate.ts';
import { closeAfterTest, dial, listen } from './testing.ts';
import { FrameClient } from './testing-frames.ts';

const first = createTestCertificate('first');
const second = createTestCertificate('second');

/** A listener whose certificate lies behind a symlink, as Kubernetes mounts it. */
async function serve(options: Partial<OnePortOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'listener-tls-'));
  closeAfterTest(() => rm(folder, { recursive: true }));
  let version = 0;
  const put = async ({ cert, key }: { readonly cert: string; readonly key: string }) => {
    const name = join(folder, `${version++}`);
    await Promise.all([writeFile(`${name}.crt`, cert), writeFile(`${name}.key`, key)]);
    for (const kind of ['crt', 'key']) {
      await symlink(`${name}.${kind}`, join(folder, 'next'));
      await rename(join(folder, 'next'), join(folder, `tls.${kind}`));
    }
  };
  await put(first);
  const tls = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
  const rpc: Parameters<typeof listen>[0]['rpc'] = (exchange) => {
    exchange.respond(200, ['x-version', String(exchange.httpVersion)]);
    exchange.end(Buffer.from(exchange.clientAddress));
    return true;
  };
  const limits = { certificateCheckMs: 10, ...options.limits };
  return { put, port: await listen({ rpc }, { ...options, tls, limits }) };
}

async function handshake(port: number, options: object = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', ca: [first.cert, second.cert], ...options });
  closeAfterTest(() => socket.destroy());
  await once(socket, 'secureConnect');
  return socket;
}

async function nameOf(port: number): Promise<unknown> {
  const socket = await handshake(port);
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
}

describe('with TLS', () => {
  it('HTTP/2 is spoken where ALPN says so', async () => {
    const { port } = await serve();
    const session = connectHttp2(`https://127.0.0.1:${port.port}`, { ca: first.cert });
    closeAfterTest(() => session.destroy());
    const stream = session.request({ ':path': '/' });
    const [headers] = await once(stream, 'response');
    expect(headers['x-version']).toBe('2');
    stream.setEncoding('utf8');
    expect(await once(stream, 'data')).toEqual(['127.0.0.1']);
  });

  it.each([
    ['ALPN says so', ['http/1.1']],
    ['there is no ALPN', undefined],
  ])('HTTP/1.1 is spoken where %s', async (_name, ALPNProtocols) => {
    const { port } = await serve();
    const socket = await handshake(port.port, { ALPNProtocols });
    const createConnection = () => socket;
    const [response] = await once(request({ createConnection, path: '/' }).end(), 'response');
    expect(response.headers['x-version']).toBe('1');
    response.resume();
  });

  it('versions before 1.2 are refused, and counted', async () => {
    const { port } = await serve();
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
    await expect(handshake(port.port, old)).rejects.toThrow();
    await expect.poll(() => port.counts.handshakesFailed).toBe(1);
    expect((await handshake(port.port, { maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2');
  });

  it('a handshake that takes too long ends its connection', async () => {
    const { port } = await serve({ limits: { firstBytesMs: 50 } });
    const connection = await dial(port);
    connection.socket.write(Buffer.from([0x16, 3, 1]));
    await connection.ended;
  });

  it('plain HTTP/1.1 is answered 400 with words', async () => {
    const { port } = await serve();
    const connection = await dial(port);
    connection.socket.write('GET / HTTP/1.1\r\nHost: edge\r\n\r\n');
    await connection.ended;
    expect(connection.text).toMatch(/^HTTP\/1.1 400 .*This port speaks TLS: use https.\n$/s);
  });

  it('plain HTTP/2 is closed', async () => {
    const { port } = await serve();
    const client = await FrameClient.dial(port);
    await client.closed();
    expect(client.frames).toEqual([]);
  });

  it('closing lets an answer under way leave', async () => {
    const { port } = await serve();
    const session = connectHttp2(`https://127.0.0.1:${port.port}`, { ca: first.cert });
    closeAfterTest(() => session.destroy());
    const stream = session.request({ ':path': '/' });
    await once(stream, 'response');
    await Promise.all([port.close(60_000), once(stream.resume(), 'end'), once(session, 'close')]);
  });
});

describe('the certificate', () => {
  it('that is another one on disk is used for new connections; old ones go on', async () => {
    const { port, put } = await serve();
    expect(await nameOf(port.port)).toBe('first');
    const old = await handshake(port.port);
    await put(second);
    await expect.poll(() => nameOf(port.port)).toBe('second');
    const [response] = await once(request({ createConnection: () => old, path: '/' }).end(), 'response');
    expect(response.statusCode).toBe(200);
    response.resume();
  });

  it('that is broken is told once, and the old one is used on', async () => {
    const errors: unknown[] = [];
    let told = () => {};
    const isTold = new Promise<void>((resolve) => {
      told = resolve;
    });
    const onError = (error: unknown) => {
      errors.push(error);
      told();
    };
    const { port, put } = await serve({ onError });
    await put({ cert: 'no certificate', key: 'no key' });
    await isTold;
    expect(await nameOf(port.port)).toBe('first');
    const before = errors.length;
    await put(second);
    await expect.poll(() => nameOf(port.port)).toBe('second');
    expect(errors.length - before).toBeLessThan(3);
  });

  it('that does not fit its key, or is not there, stops the start', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'listener-tls-'));
    closeAfterTest(() => rm(folder, { recursive: true }));
    const tls = { certFile: join(folder, 'tls.crt'), keyFile: join(folder, 'tls.key') };
    await expect(listen({}, { tls })).rejects.toThrow('ENOENT');
    await Promise.all([writeFile(tls.certFile, first.cert), writeFile(tls.keyFile, second.key)]);
    await expect(listen({}, { tls })).rejects.toThrow('key values mismatch');
  });
});
