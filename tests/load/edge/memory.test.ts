import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { formatApiKey, generateApiKey } from '../../../services/mesh/credential/api-key.ts';
import type { Bench } from './memory/bench.ts';
import { startEdgeProcess } from './memory/edge-process.ts';
import { type ReaderKind, readerKinds } from './memory/slow-reader.ts';
import { holdReaders } from './memory/slow-readers.ts';
import { holdUploads, type UploadKind, uploadKinds } from './memory/slow-uploads.ts';
import { startUpstream } from './memory/upstream.ts';
import { uploadWindowBytes } from './memory/upstream-connection.ts';

const mebibyte = 2 ** 20;
/** Less than this a service can always push: it is what the edge grants at first. */
const serviceWindowBytes = mebibyte / 2;

let bench: Bench;
let opened: readonly { close(): void }[] = [];

// What the system holds between two sockets can be told from the edge's own part on Linux only.
describe.runIf(process.platform === 'linux')('a gigabyte on its way through the edge', () => {
  beforeAll(async () => {
    const upstream = await startUpstream();
    const apiKey = formatApiKey(generateApiKey());
    const edge = await startEdgeProcess(upstream.port, apiKey);
    const fail = (what: string) => expect.unreachable(what);
    bench = { edge, upstream, apiKey, fail };
  });

  afterEach(async () => {
    for (const each of opened) each.close();
    // Uploads that nobody reads hear of it when they are read.
    bench.upstream.release();
    await bench.upstream.whenNone();
  });

  afterAll(async () => {
    await bench?.edge.stop();
    bench?.upstream.close();
  });

  test.each<{ kind: ReaderKind; bytes: number }>([
    { kind: readerKinds.window, bytes: 1_024 },
    { kind: readerKinds.window, bytes: 65_536 },
    { kind: readerKinds.ndjson, bytes: 1_024 },
    { kind: readerKinds.ndjson, bytes: 65_536 },
  ])(
    'holds a service back while a client does not read: $kind.name, messages of $bytes bytes',
    async ({ kind, bytes }) => {
      const { readers, look, isStill } = await holdReaders(bench, kind, bytes, 1);
      opened = readers;
      const first = look();
      expect(first.pushedBytes).toBeGreaterThanOrEqual(serviceWindowBytes);
      expect(first.edgeBytes).toBeLessThanOrEqual(first.edgeBytesMax);

      await readers[0]?.readSome(8 * mebibyte);
      await isStill();
      const second = look();
      expect(second.pushedBytes).toBeGreaterThan(first.pushedBytes);
      expect(second.readerBytes).toBeGreaterThanOrEqual(7 * mebibyte);
      expect(second.edgeBytes).toBeLessThanOrEqual(second.edgeBytesMax);
    },
  );

  test.each<[UploadKind]>([[uploadKinds.grpc], [uploadKinds.rest]])(
    'holds a client back while a service does not read: $name',
    async (kind) => {
      const { uploaders, look } = await holdUploads(bench, kind, 0, 1);
      opened = uploaders;
      const held = look();
      expect(held.serviceBytes).toBeGreaterThanOrEqual(uploadWindowBytes);
      expect(held.edgeBytes).toBeLessThanOrEqual(held.edgeBytesMax);
    },
  );

  test.each<[UploadKind]>([[uploadKinds.grpc], [uploadKinds.rest]])(
    'lets a client go on when its service reads again, and holds it back again: $name',
    async (kind) => {
      const readBytes = 8 * mebibyte;
      const { uploaders, look } = await holdUploads(bench, kind, readBytes, 1);
      opened = uploaders;
      const held = look();
      expect(held.serviceBytes).toBeGreaterThanOrEqual(readBytes);
      expect(held.edgeBytes).toBeLessThanOrEqual(held.edgeBytesMax);
    },
  );
});
