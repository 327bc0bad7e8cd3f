import { once } from 'node:events';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:http2';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RequestHandler } from '../listener/listener-context.ts';
import { listenOnePort, type OnePort } from '../listener/one-port.ts';
import { createDocsPages } from './docs-page.ts';

const openApi = { openapi: '3.1.0', info: { title: 'x'.repeat(2000), version: '1' } };

let server: OnePort;

async function listen(): Promise<void> {
  const pages = await createDocsPages({ openApi, title: 'Ada & <Co>' });
  const handler: RequestHandler = {
    rpc: () => false,
    http: (request, response) => {
      if (pages(request, response)) return;
      response.statusCode = 404;
      response.end('not mine');
    },
  };
  server = await listenOnePort({ port: 0, host: '127.0.0.1', handler });
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function send(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const request = httpRequest({ host: '127.0.0.1', port: server.port, path, method, headers }).end();
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

beforeAll(listen);
afterAll(() => server.close(0));

describe('/docs', () => {
  it('is a page that takes nothing from elsewhere and runs no inline script', async () => {
    const { status, headers, body } = await send('/docs');
    const html = body.toString();
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = String(headers['content-security-policy']);
    expect(policy.split('; ')).toContain("default-src 'none'");
    expect(policy).toMatch(/script-src 'self';.*connect-src 'self';.*frame-ancestors 'none'/);
    expect(html).not.toMatch(/https?:|\/\/|<script>|<style| on\w+=/);
    expect(html).toContain('<title>Ada &#38; &#60;Co&#62;</title>');
  });

  it('names assets that are there, by paths relative to itself', async () => {
    const html = (await send('/docs')).body.toString();
    const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address);
    expect(addresses).toHaveLength(5);
    for (const address of addresses) {
      const { pathname, search } = new URL(address, 'http://any.example/prefix/docs');
      expect(pathname.startsWith('/prefix/')).toBe(true);
      const answer = await send(pathname.replace('/prefix', '') + search);
      expect(answer.status, address).toBe(200);
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it('starts with the document of its own host and sends credentials nowhere else', async () => {
    const script = (await send('/docs/start.js')).body.toString();
    expect(script).toContain("new URL('openapi.json', location.href)");
    expect(script).toContain('validatorUrl: null');
    expect(script).toContain('persistAuthorization: false');
  });

  it('gives the document', async () => {
    const { headers, body } = await send('/openapi.json');
    expect(headers['content-type']).toBe('application/json');
    expect(JSON.parse(body.toString())).toEqual(openApi);
  });

  it.each(['/docs', '/docs/swagger-ui-bundle.js', '/docs/favicon-32x32.png', '/openapi.json'])(
    'answers %s with 304 where the client has it',
    async (path) => {
      const whole = await send(path);
      const etag = String(whole.headers.etag);
      const answer = await send(path, { 'if-none-match': etag, 'accept-encoding': 'gzip' });
      expect([answer.status, answer.body.length, answer.headers.etag]).toEqual([304, 0, etag]);
      expect(answer.headers['cache-control']).toBe(whole.headers['cache-control']);
      expect((await send(path, { 'if-none-match': '"other"' })).status).toBe(200);
    },
  );

  it('compresses text and nothing else, the same each time', async () => {
    const plain = await send('/docs/swagger-ui.css');
    const first = await send('/docs/swagger-ui.css', { 'accept-encoding': 'gzip' });
    const second = await send('/docs/swagger-ui.css', { 'accept-encoding': 'gzip' });
    expect(first.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(gunzipSync(first.body).equals(plain.body)).toBe(true);
    expect(second.body.equals(first.body)).toBe(true);
    const image = await send('/docs/favicon-32x32.png', { 'accept-encoding': 'gzip' });
    expect(image.headers['content-encoding']).toBeUndefined();
  });

  it('answers HEAD with the head only', async () => {
    const answer = await send('/docs', {}, 'HEAD');
    expect([answer.status, answer.body.length]).toEqual([200, 0]);
    expect(Number(answer.headers['content-length'])).toBeGreaterThan(100);
  });

  it('leads from /docs/ to the page', async () => {
    const { status, headers } = await send('/docs/');
    expect(status).toBe(308);
    expect(new URL(String(headers.location), 'http://any.example/docs/').pathname).toBe('/docs');
  });

  it.each([
    ['POST', '/docs'],
    ['GET', '/docs/package.json'],
    ['GET', '/docs/../docs/index.html'],
    ['GET', '/docs/%2e%2e/package.json'],
    ['GET', '/docs/__proto__'],
    ['GET', '/v1/graphs'],
  ])('leaves %s %s to others', async (method, path) => {
    expect((await send(path, {}, method)).body.toString()).toBe('not mine');
  });

  it('comes over HTTP/2 too', async () => {
    const session = connect(`http://127.0.0.1:${server.port}`);
    const stream = session.request({ ':path': '/docs/swagger-ui-bundle.js', 'accept-encoding': 'gzip' });
    const [headers] = await once(stream, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect([headers[':status'], headers['content-encoding']]).toEqual([200, 'gzip']);
    expect(gunzipSync(Buffer.concat(chunks)).toString()).toContain('SwaggerUIBundle');
    session.close();
  });
});
