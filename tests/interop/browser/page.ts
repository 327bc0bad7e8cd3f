import { type Code, ConnectError, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-web';
import { ErrorInfoSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { CatalogService } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { GraphService, type QueryResponse } from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { Value } from '../../../gen/trellis/graph/v1/value_pb.js';
import { ApiKeyService } from '../../../gen/trellis/iam/v1/api_key_pb.js';
import { AuthService } from '../../../gen/trellis/iam/v1/auth_pb.js';
import type { Assignment } from '../scenario.ts';

// Register to query with connect-web, from a page of another origin. Runs in the browser, which gets it without its
// types.

/** Makes the transport of one protocol, with a credential where there is one. */
type Connect = (credential?: string) => Transport;

function connect(protocol: string, baseUrl: string): Connect {
  return (credential) => {
    const interceptors: Interceptor[] = [];
    if (credential) {
      interceptors.push((next) => (request) => {
        request.header.set('authorization', `Bearer ${credential}`);
        return next(request);
      });
    }
    if (protocol === 'grpc-web') return createGrpcWebTransport({ baseUrl, interceptors });
    return createConnectTransport({ baseUrl, interceptors, useBinaryFormat: protocol === 'connect-binary' });
  };
}

async function journey(task: Assignment, connectAs: Connect) {
  const key = await signUp(task, connectAs);
  const transport = connectAs(key);
  const { graph: created } = await createClient(CatalogService, transport).createGraph({
    displayName: 'web',
  });
  const graph = createClient(GraphService, transport);
  const graphId = created?.graphId ?? '';
  const query = () => graph.query({ graphId, statement: task.query });

  await graph.execute({ graphId, statement: task.schema });
  const parameters = {
    id: { kind: { case: 'int64Value', value: BigInt(task.city.id) } },
    name: { kind: { case: 'stringValue', value: task.city.name } },
    big: { kind: { case: 'int64Value', value: BigInt(task.city.big) } },
  } as const;
  await graph.execute({ graphId, statement: task.insert, parameters });
  const imported = await upload(task, graphId, key);
  const answer = await query();
  const stream = await readStream(graph.streamQuery({ graphId, statement: task.stream }));
  const code = await cancel(task, (signal) =>
    graph.streamQuery(
      { graphId, statement: task.wideStream },
      { signal, headers: { 'x-request-id': task.cancelId } },
    ),
  );
  return {
    keyPrefix: key.slice(0, 9),
    imported,
    columns: answer.columns.map(({ name }) => name),
    rows: rowsOf(answer),
    stream,
    cancelled: { code, rowsAfter: (await query()).rowCount },
    refused: await refusal(graph.query({ graphId, statement: task.refused })),
  };
}

async function signUp({ email, password, name }: Assignment, connectAs: Connect): Promise<string> {
  const auth = createClient(AuthService, connectAs());
  await auth.register({ email, password, name });
  const { accessToken } = await auth.login({ email, password });
  const keys = createClient(ApiKeyService, connectAs(accessToken));
  return (await keys.createApiKey({ displayName: 'web' })).secret;
}

/** Browsers cannot stream a request: a file goes by REST. */
async function upload({ url, table, csvBase64 }: Assignment, graphId: string, key: string): Promise<number> {
  const chunks = csvBase64.map((chunk) => Uint8Array.from(atob(chunk), (byte) => byte.charCodeAt(0)));
  const response = await fetch(`${url}/v1/graphs/${graphId}/tables/${table}/import?csv.header=true`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'text/csv' },
    body: new Blob(chunks),
  });
  return ((await response.json()) as { rowCount: number }).rowCount;
}

type Parts = ReturnType<ReturnType<typeof createClient<typeof GraphService>>['streamQuery']>;

async function readStream(parts: Parts) {
  let rows = 0;
  let sum = 0n;
  let done: number | undefined;
  for await (const part of parts) {
    rows += part.rows.length;
    for (const { values } of part.rows) sum += BigInt(text(values[0]));
    done = part.done?.rowCount;
  }
  return { rows, sum: String(sum), done };
}

/** Gives a stream up after a few messages; resolves with the code that it ends with. */
async function cancel(task: Assignment, start: (signal: AbortSignal) => Parts): Promise<Code | undefined> {
  const abort = new AbortController();
  let messages = 0;
  try {
    for await (const _ of start(abort.signal)) {
      if (++messages === task.messagesBeforeCancel) abort.abort();
    }
    return undefined;
  } catch (error) {
    return ConnectError.from(error).code;
  }
}

async function refusal(call: Promise<unknown>) {
  const error = ConnectError.from(await call.catch((thrown: unknown) => thrown));
  const [info] = error.findDetails(ErrorInfoSchema);
  return {
    code: error.code,
    reason: info?.reason,
    domain: info?.domain,
    construct: info?.metadata.construct,
  };
}

const rowsOf = ({ rows }: QueryResponse) => rows.map(({ values }) => values.map(text));
const text = (value: Value | undefined) => String(value?.kind.value);

const { protocol, task } = (await (await fetch('/assignment')).json()) as {
  protocol: string;
  task: Assignment;
};
const outcome = await journey(task, connect(protocol, task.url));
await fetch('/outcome', { method: 'POST', body: JSON.stringify(outcome) });
