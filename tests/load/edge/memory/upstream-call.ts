import { create } from '@bufbuild/protobuf';
import {
  ImportTableResponseSchema,
  QueryResponseSchema,
  StreamQueryResponseSchema,
} from '../../../../gen/trellis/graph/v1/graph_pb.js';
import { queryResponse, toEnvelope } from '../messages.ts';
import type { Script } from './script.ts';

const patternBytesMin = 64 * 1024;
const answer = toEnvelope(QueryResponseSchema, queryResponse);
const uploadAnswer = toEnvelope(
  ImportTableResponseSchema,
  create(ImportTableResponseSchema, { rowCount: 1 }),
);
const patterns = new Map<number, Buffer>();

/** A call as the upstream sees it, and how far it got. */
export interface UpstreamCall {
  readonly script: Script;
  /** What is sent, over and over. */
  readonly pattern: Buffer;
  bytesLeft: number;
  /** False for a stream that stays open. */
  readonly ends: boolean;
  /** What the edge takes on this stream before it grants more. */
  window: number;
  /** True for an upload that is read now, whatever its script says. */
  isReleased: boolean;
  /** True once the request is complete. */
  isAnswering: boolean;
  /** Bytes of the answer that the edge took. */
  pushedBytes: number;
  /** Bytes of the request that came. */
  takenBytes: number;
  /** Taken and not granted again. */
  owedBytes: number;
}

export function toUpstreamCall(script: Script, window: number): UpstreamCall {
  const pattern = patternOf(script);
  const bytesLeft =
    script.kind === 'stream' ? script.count * envelopeOf(script.messageBytes).length : pattern.length;
  const progress = { isReleased: false, isAnswering: false, pushedBytes: 0, takenBytes: 0, owedBytes: 0 };
  return { script, pattern, bytesLeft, window, ends: script.kind !== 'idle', ...progress };
}

/** The bytes of a streamed message with its envelope. */
export function envelopeBytesOf(messageBytes: number): number {
  return envelopeOf(messageBytes).length;
}

function patternOf(script: Script): Buffer {
  if (script.kind === 'fail') return Buffer.alloc(0);
  if (script.kind === 'upload') return uploadAnswer;
  if (script.kind === 'answer') return answer;
  if (script.kind === 'idle') return envelopeOf(1_024);
  const { messageBytes } = script;
  const envelope = envelopeOf(messageBytes);
  const known = patterns.get(messageBytes);
  if (known) return known;
  const pattern = Buffer.concat(Array(Math.ceil(patternBytesMin / envelope.length)).fill(envelope));
  patterns.set(messageBytes, pattern);
  return pattern;
}

/** A message with one row whose text has this length, less what its frame takes. */
function envelopeOf(messageBytes: number): Buffer {
  const text = { kind: { case: 'stringValue' as const, value: 'x'.repeat(messageBytes - 16) } };
  const message = create(StreamQueryResponseSchema, { rows: [{ values: [text] }] });
  return toEnvelope(StreamQueryResponseSchema, message);
}
