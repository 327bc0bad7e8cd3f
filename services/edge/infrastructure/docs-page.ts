import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Asset, assetPages, createAsset } from './asset-pages.ts';
import type { Pages } from './pages.ts';

export interface DocsPageOptions {
  /** The OpenAPI document that the page shows. */
  readonly openApi: object;
  readonly title: string;
}

/**
 * Nothing from elsewhere, no inline scripts. `data:` images are the icons in Swagger UI's style sheet; style
 * attributes are how it places a few things.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const pageHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

// Credentials stay in the page: they are gone when it is left. No badge of a validator elsewhere.
const startScript = `window.ui = SwaggerUIBundle({
  url: new URL('openapi.json', location.href).href,
  dom_id: '#api',
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  persistAuthorization: false,
  validatorUrl: null,
});
`;

/**
 * `/docs`: the API for people, to read and to try with their own key, and `/openapi.json` behind it. All of it comes
 * from this process, by paths relative to the page, so that it works on any host and without any other.
 */
export async function createDocsPages({ openApi, title }: DocsPageOptions): Promise<Pages> {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const file = async (name: string, contentType: string): Promise<[string, Asset]> => {
    return [name, createAsset(contentType, await readFile(join(folder, name)), day)];
  };
  const assets = new Map([
    await file('swagger-ui.css', 'text/css; charset=utf-8'),
    await file('swagger-ui-bundle.js', 'text/javascript; charset=utf-8'),
    await file('favicon-32x32.png', 'image/png'),
    ['start.js', createAsset('text/javascript; charset=utf-8', Buffer.from(startScript), day)],
  ]);
  const page = createAsset('text/html; charset=utf-8', Buffer.from(pageHtml(title, assets)), 0, pageHeaders);
  const document = createAsset('application/json', Buffer.from(JSON.stringify(openApi)), 0);
  return assetPages(
    new Map([
      ['/docs', page],
      ['/openapi.json', document],
      ...[...assets].map(([name, asset]): [string, Asset] => [`/docs/${name}`, asset]),
    ]),
    new Map([['/docs/', '../docs']]),
  );
}

const day = 86_400;

function pageHtml(title: string, assets: ReadonlyMap<string, Asset>): string {
  // With its tag, so that a new version is fetched at once.
  const at = (name: string) => `docs/${name}?v=${encodeURIComponent(assets.get(name)?.version ?? '')}`;
  const text = title.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text}</title>
<link rel="icon" href="${at('favicon-32x32.png')}">
<link rel="stylesheet" href="${at('swagger-ui.css')}">
<script defer src="${at('swagger-ui-bundle.js')}"></script>
<script defer src="${at('start.js')}"></script>
</head>
<body>
<div id="api"></div>
<noscript>This page needs JavaScript. The same is in <a href="openapi.json">openapi.json</a>.</noscript>
</body>
</html>
`;
}
