import { createHash } from 'node:crypto';
import { type Compression, deflate } from '../../mesh/framing/compression.ts';
import type { HttpRequest, HttpResponse } from '../listener/http-messages.ts';
import { isKnownTag } from '../rest/entity-tag.ts';
import { isCompressible } from '../rest/media-type.ts';
import { answerCompression } from '../rest/response.ts';
import type { Pages } from './pages.ts';

/** A file that never changes while the process lives. */
export interface Asset {
  /** Names its content, for addresses that change with it. */
  readonly version: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Its bytes, compressed once for each compression. */
  bytes(compression: Compression): Promise<Buffer>;
}

/** An asset that clients may use for so many seconds without asking whether it changed. */
export function createAsset(
  contentType: string,
  content: Buffer,
  maxAgeSeconds: number,
  headers: Readonly<Record<string, string>> = {},
): Asset {
  const version = createHash('sha256').update(content).digest('base64url').slice(0, 16);
  const byCompression = new Map<Compression, Promise<Buffer>>();
  const isText = isCompressible(contentType);
  return {
    version,
    headers: {
      'content-type': contentType,
      etag: `W/"${version}"`,
      'cache-control': maxAgeSeconds > 0 ? `public, max-age=${maxAgeSeconds}` : 'no-cache',
      'x-content-type-options': 'nosniff',
      ...(isText ? { vary: 'accept-encoding' } : {}),
      ...headers,
    },
    bytes: (compression) => {
      const known = byCompression.get(compression);
      if (known) return known;
      const made = Promise.resolve(deflate(compression, content));
      byCompression.set(compression, made);
      return made;
    },
  };
}

/** Assets by their paths, and paths that lead elsewhere. */
export function assetPages(
  assets: ReadonlyMap<string, Asset>,
  redirects: ReadonlyMap<string, string> = new Map(),
): Pages {
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return false;
    const [path = ''] = request.url.split('?', 1);
    const location = redirects.get(path);
    const asset = assets.get(path);
    if (location !== undefined) {
      response.writeHead(308, { location });
      response.end();
    } else if (asset) {
      sendAsset(asset, request, response).catch(() => response.destroy());
    } else {
      return false;
    }
    return true;
  };
}

async function sendAsset(asset: Asset, request: HttpRequest, response: HttpResponse): Promise<void> {
  const { headers } = asset;
  if (isKnownTag(request.headers['if-none-match'], headers.etag ?? '')) {
    const { 'content-type': _, ...others } = headers;
    response.writeHead(304, others);
    response.end();
    return;
  }
  const compression = headers.vary ? answerCompression(request) : 'identity';
  const bytes = await asset.bytes(compression);
  const encoding = compression === 'identity' ? {} : { 'content-encoding': compression };
  response.writeHead(200, { ...headers, ...encoding, 'content-length': String(bytes.byteLength) });
  if (request.method === 'HEAD') response.end();
  else response.end(bytes);
}
