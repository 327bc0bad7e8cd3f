import { type Compression, compressedBytesMin, deflate, inflate } from '../../mesh/framing/compression.ts';
import { envelopeFlags, frame } from '../../mesh/framing/envelope.ts';
import { unexpectedFlags } from '../../mesh/framing/envelope-error.ts';
import { FrameTransformer } from '../../mesh/framing/frame-transformer.ts';
import { answerBytesMax } from '../data-path/call.ts';
import type { FramedAnswer } from './framed-answer.ts';
import { checkCount } from './message-count.ts';
import type { RpcCall } from './rpc-call.ts';
import type { Transcoder } from './transcoder.ts';

export interface PipeOptions {
  readonly messageBytesMax: number;
  readonly compression: Compression;
  /** Undefined where the client speaks protobuf. */
  readonly transcoder: Transcoder | undefined;
}

/** Inflates a client's messages and makes protobuf of them. */
export function createRequestPipe(call: RpcCall, options: PipeOptions): FrameTransformer {
  const { messageBytesMax, compression, transcoder } = options;
  let messages = 0;
  const toService = (payload: Uint8Array) => frame(transcoder ? transcoder.toService(payload) : payload);
  return new FrameTransformer({
    messageBytesMax,
    transform: (flags, payload) => {
      messages++;
      checkCount(call.method, messages, false);
      const isCompressed = checkFlags(flags, compression);
      const plain = isCompressed ? inflate(compression, payload, messageBytesMax) : payload;
      return plain instanceof Promise ? plain.then(toService) : toService(plain);
    },
    onFrame: (bytes) => call.send(bytes),
    onEnd: () => {
      try {
        checkCount(call.method, messages, true);
        call.endRequests();
      } catch (error) {
        call.fail(error);
      }
    },
    onError: (error) => call.fail(error),
    onSpace: () => call.exchange.resume(),
  });
}

/** True for a compressed message. Throws where the flags are not those of a request. */
function checkFlags(flags: number, compression: Compression): boolean {
  const { compressed } = envelopeFlags;
  const allowed = compression === 'identity' ? 0 : compressed;
  if ((flags & ~allowed) !== 0) throw unexpectedFlags(flags);
  return flags === compressed;
}

/** Makes what the client speaks of a service's messages, and compresses them. */
export function createAnswerPipe(answer: FramedAnswer, options: PipeOptions): FrameTransformer {
  const { compression, transcoder } = options;
  const { call } = answer;
  return new FrameTransformer({
    messageBytesMax: answerBytesMax,
    transform: (_flags, payload) => {
      const plain = transcoder ? transcoder.toClient(payload) : payload;
      if (compression === 'identity' || plain.length < compressedBytesMin) return frame(plain);
      const small = deflate(compression, plain);
      return small instanceof Promise ? small.then(frameCompressed) : frameCompressed(small);
    },
    onFrame: (bytes) => answer.send(bytes),
    onEnd: () => answer.finish(),
    onError: (error) => call.fail(error),
    onSpace: () => call.resumeService(),
  });
}

function frameCompressed(payload: Buffer): Buffer {
  return frame(payload, envelopeFlags.compressed);
}
