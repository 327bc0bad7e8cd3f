/** An answer of the REST API. */
export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: the body is whatever the server sends; tests hold it against values
  readonly body: any;
}

/** A client of the REST API as a person would write it: fetch and JSON. */
export class RestClient {
  readonly url: string;
  readonly #credential: string | undefined;

  constructor(url: string, credential?: string) {
    this.url = url;
    this.#credential = credential;
  }

  as(credential: string): RestClient {
    return new RestClient(this.url, credential);
  }

  at(url: string): RestClient {
    return new RestClient(url, this.#credential);
  }

  get(path: string): Promise<RestAnswer> {
    return this.send('GET', path);
  }

  post(path: string, body: unknown): Promise<RestAnswer> {
    return this.send('POST', path, JSON.stringify(body), 'application/json');
  }

  delete(path: string): Promise<RestAnswer> {
    return this.send('DELETE', path);
  }

  async send(
    method: string,
    path: string,
    body?: string | Uint8Array<ArrayBuffer>,
    contentType?: string,
  ): Promise<RestAnswer> {
    const headers = new Headers();
    if (this.#credential) headers.set('authorization', `Bearer ${this.#credential}`);
    if (contentType) headers.set('content-type', contentType);
    const response = await fetch(new URL(path, this.url), { method, headers, body: body ?? null });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }
}

/** A new tenant: an account with an API key and, as a rule, a graph. */
export interface Tenant {
  readonly email: string;
  readonly password: string;
  readonly accessToken: string;
  readonly apiKey: string;
  readonly apiKeyId: string;
  /** REST with the API key. */
  readonly rest: RestClient;
}

let tenants = 0;

/** Registers an account and creates an API key. */
export async function createTenant(url: string): Promise<Tenant> {
  const anonymous = new RestClient(url);
  const email = `tenant-${process.pid}-${Date.now()}-${tenants++}@example.com`;
  const password = 'correct horse battery staple';
  const registered = expectOk(await anonymous.post('/v1/auth/register', { email, password, name: 'Tenant' }));
  const created = expectOk(
    await anonymous.as(registered.accessToken).post('/v1/api-keys', { displayName: 'test' }),
  );
  const apiKey: string = created.secret;
  return {
    email,
    password,
    accessToken: registered.accessToken,
    apiKey,
    apiKeyId: created.apiKey.apiKeyId,
    rest: anonymous.as(apiKey),
  };
}

/** Creates a graph; resolves with its id. */
export async function createGraph(rest: RestClient, displayName = 'test'): Promise<string> {
  return expectOk(await rest.post('/v1/graphs', { displayName })).graph.graphId;
}

/** The same on a machine so busy that its node may be slow to open a graph: asks again while it is not available. */
export async function createGraphPatiently(rest: RestClient): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const { status, body } = await rest.post('/v1/graphs', { displayName: 'test' });
    if (status !== 503 || attempt === 10)
      return expectOk({ status, body, headers: new Headers() }).graph.graphId;
  }
}

/** Runs a statement that may write. */
export async function execute(rest: RestClient, graphId: string, statement: string, parameters = {}) {
  return expectOk(await rest.post(`/v1/graphs/${graphId}/execute`, { statement, parameters }));
}

/** Runs a read-only statement. */
export async function query(rest: RestClient, graphId: string, statement: string, parameters = {}) {
  return expectOk(await rest.post(`/v1/graphs/${graphId}/query`, { statement, parameters }));
}

/** The body of an answer with status 200. */
export function expectOk({ status, body }: RestAnswer): RestAnswer['body'] {
  if (status !== 200) throw new Error(`status ${status}: ${JSON.stringify(body)}`);
  return body;
}
