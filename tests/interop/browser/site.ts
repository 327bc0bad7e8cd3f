import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { stripTypeScriptTypes } from 'node:module';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);
const packages = ['@bufbuild/protobuf', '@connectrpc/connect', '@connectrpc/connect-web'];
const served =
  /^\/(gen|tests\/interop\/browser|node_modules\/@bufbuild|node_modules\/@connectrpc)\/[\w@/.-]+\.(js|ts)$/;

/** A web site with one page, which runs one client and tells what it saw. */
export interface Site {
  readonly url: string;
  /** What the page tells; rejects where its script fails. */
  readonly outcome: Promise<unknown>;
  close(): void;
}

/** Serves the page on an origin of its own. The browser loads the packages' modules as they are: nothing is bundled. */
export async function openSite(assignment: object): Promise<Site> {
  const told = Promise.withResolvers<unknown>();
  told.promise.catch(() => {});
  const page = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
    <script>
      const fail = (why) => fetch('/failure', { method: 'POST', body: String(why?.stack ?? why) });
      addEventListener('error', ({ message, error }) => fail(error ?? message), true);
      addEventListener('unhandledrejection', ({ reason }) => fail(reason));
    </script>
    <script type="importmap">${JSON.stringify({ imports: await importMap() })}</script>
    <script type="module" src="/tests/interop/browser/page.ts"></script>`;
  const answers: Record<string, (request: IncomingMessage) => Promise<[type: string, body: string]>> = {
    '/': async () => ['text/html', page],
    '/assignment': async () => ['application/json', JSON.stringify(assignment)],
    '/outcome': async (request) => {
      told.resolve(JSON.parse(await textOf(request)));
      return ['text/plain', ''];
    },
    '/failure': async (request) => {
      told.reject(new Error(`in the page: ${await textOf(request)}`));
      return ['text/plain', ''];
    },
  };
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? '/';
    const [type, body] = (await answers[path]?.(request)) ?? ['text/javascript', await script(path)];
    response.setHeader('content-type', type).end(body);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 404;
      response.end(String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, outcome: told.promise, close };
}

/** Where the browser finds the modules that the packages export. */
async function importMap(): Promise<Record<string, string>> {
  const imports: Record<string, string> = {};
  for (const name of packages) {
    const manifest = await readFile(new URL(`node_modules/${name}/package.json`, root), 'utf8');
    const exported: Record<string, { import: string }> = JSON.parse(manifest).exports;
    for (const [path, target] of Object.entries(exported)) {
      imports[name + path.slice(1)] = `/node_modules/${name}${target.import.slice(1)}`;
    }
  }
  return imports;
}

async function script(path: string): Promise<string> {
  if (!served.test(path) || path.includes('..')) throw new Error(`${path} is not served`);
  const source = await readFile(fileURLToPath(new URL(`.${path}`, root)), 'utf8');
  return path.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}
