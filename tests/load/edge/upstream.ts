/** The process behind every proxy: answers Query and StreamQuery from bytes made once, far cheaper than any proxy. */
import { type AddressInfo, createServer } from 'node:net';
import { reportReady } from './ready.ts';
import { UpstreamConnection } from './upstream-connection.ts';

const server = createServer({ noDelay: true }, (socket) => new UpstreamConnection(socket));
server.listen(0, '127.0.0.1', () => reportReady({ http2: (server.address() as AddressInfo).port }));
