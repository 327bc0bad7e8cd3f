import { connect as connectHttp2, constants } from 'node:http2';
import { connect } from 'node:net';

/** An upload that is not going to be whole. */
export interface CutUpload {
  readonly port: number;
  readonly credential: string;
  readonly path: string;
  /** What is sent of the file. */
  readonly sent: Buffer;
  /** Bytes that the whole file has. */
  readonly wholeBytes: number;
  /** Resolves when it may be cut. */
  readonly hasBegun: Promise<void>;
}

/** The ways in which a CSV upload breaks off; each resolves when its connection is gone. */
export const cuts: Readonly<Record<string, (upload: CutUpload) => Promise<void>>> = {
  'HTTP/1.1 with its length': (upload) =>
    overHttp1(upload, `content-length: ${upload.wholeBytes}`, upload.sent),
  'HTTP/1.1 in chunks': (upload) => {
    // Never the last chunk, which alone ends such a body.
    const size = `${upload.sent.byteLength.toString(16)}\r\n`;
    return overHttp1(upload, 'transfer-encoding: chunked', Buffer.concat([Buffer.from(size), upload.sent]));
  },
  'HTTP/2, the stream reset': (upload) => overHttp2(upload, 'reset'),
  'HTTP/2, the connection cut': (upload) => overHttp2(upload, 'cut'),
  'HTTP/2, ended before its length': (upload) => overHttp2(upload, 'end'),
};

async function overHttp1({ port, path, credential, hasBegun }: CutUpload, length: string, body: Buffer) {
  const head = [`POST ${path} HTTP/1.1`, 'host: x', `authorization: Bearer ${credential}`];
  const socket = connect(port, '127.0.0.1');
  const isClosed = Promise.withResolvers<void>();
  socket.on('error', isClosed.reject).once('close', () => isClosed.resolve());
  socket.write(`${[...head, 'content-type: text/csv', length].join('\r\n')}\r\n\r\n`);
  socket.write(body);
  await hasBegun;
  socket.destroy();
  await isClosed.promise;
}

async function overHttp2(
  { port, path, credential, sent, wholeBytes, hasBegun }: CutUpload,
  how: 'reset' | 'cut' | 'end',
) {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const isClosed = Promise.withResolvers<void>();
  session.on('error', () => {}).once('close', () => isClosed.resolve());
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    authorization: `Bearer ${credential}`,
    'content-type': 'text/csv',
    ...(how === 'end' && { 'content-length': String(wholeBytes) }),
  });
  stream.on('error', () => {}).once('close', () => session.destroy());
  stream.resume();
  stream.write(sent);
  await hasBegun;
  if (how === 'end') stream.end();
  else if (how === 'cut') session.destroy();
  else stream.close(constants.NGHTTP2_CANCEL);
  await isClosed.promise;
}
