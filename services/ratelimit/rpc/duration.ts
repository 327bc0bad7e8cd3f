import type { MessageInitShape } from '@bufbuild/protobuf';
import type { DurationSchema } from '@bufbuild/protobuf/wkt';

/** Whole microseconds as a Duration, exactly. */
export function toDuration(micros: number): MessageInitShape<typeof DurationSchema> {
  return { seconds: BigInt(Math.floor(micros / 1_000_000)), nanos: (micros % 1_000_000) * 1_000 };
}
