import { CliError } from '../failure.ts';
import { findError, unreachable } from './api-error.ts';
import { parseExactJson } from './exact-json.ts';
import { readLines } from './lines.ts';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** The REST API of one mesh, called with one credential or none. What fails throws CliError or ApiError. */
export interface Api {
  readonly url: string;
  /** One call with JSON both ways. Numbers that a double would change stay text: see parseExactJson. */
  call<T>(method: Method, path: string, body?: unknown): Promise<T>;
  /** A call answered with lines of JSON, each given as it comes. */
  stream(path: string, body: unknown): AsyncIterable<string>;
  /** A call of GET that is answered with lines of JSON, each given as it comes, until the signal ends it. */
  follow(path: string, signal: AbortSignal): AsyncIterable<string>;
  /** Sends a file, read while it is sent. */
  upload<T>(path: string, contentType: string, content: AsyncIterable<Uint8Array>): Promise<T>;
}

export interface ApiOptions {
  /** Where the mesh is, without a slash at the end. */
  readonly url: string;
  /** An API key or access token. */
  readonly credential?: string | undefined;
}

/** The API of the mesh at a URL. Opens no connection yet. */
export function createApi({ url, credential }: ApiOptions): Api {
  const headers = credential ? { authorization: `Bearer ${credential}` } : {};

  const send = async (path: string, init: RequestInit): Promise<Response> => {
    try {
      return await fetch(url + path, {
        ...init,
        headers: { ...headers, ...init.headers },
        // A credential goes nowhere but where it was meant for.
        redirect: 'manual',
      });
    } catch (error) {
      throw unreachable(url, error);
    }
  };

  return {
    url,
    call: async <T>(method: Method, path: string, body?: unknown) => {
      const json = { 'content-type': 'application/json' };
      const init = body === undefined ? { method } : { method, headers: json, body: JSON.stringify(body) };
      return (await readAnswer(url, await send(path, init))) as T;
    },
    stream: async function* (path, body) {
      const response = await send(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
        body: JSON.stringify(body),
      });
      if (!response.ok || !response.body) await readAnswer(url, response);
      else yield* readLines(guarded(url, response.body));
    },
    follow: async function* (path, signal) {
      const response = await send(path, { headers: { accept: 'application/x-ndjson' }, signal });
      if (!response.ok || !response.body) await readAnswer(url, response);
      else yield* readLines(guarded(url, response.body));
    },
    upload: async <T>(path: string, contentType: string, content: AsyncIterable<Uint8Array>) => {
      const response = await send(path, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body: ReadableStream.from(content),
        duplex: 'half',
      });
      return (await readAnswer(url, response)) as T;
    },
  };
}

async function readAnswer(url: string, response: Response): Promise<unknown> {
  const text = await response.text().catch((error: unknown) => {
    throw unreachable(url, error);
  });
  let json: unknown;
  try {
    json = parseExactJson(text);
  } catch {
    json = undefined;
  }
  const error = findError(json);
  if (error) throw error;
  if (response.ok && json !== undefined) return json;
  const status = `${response.status} ${response.statusText}`.trim();
  throw new CliError(`what answers at ${url} is not Trellis: HTTP ${status}`);
}

async function* guarded(url: string, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw unreachable(url, error);
  }
}
