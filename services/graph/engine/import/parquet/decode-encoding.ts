import {
  plainOfDeltaBytes,
  plainOfDeltaLengths,
  plainOfDeltas,
  plainOfSplitStreams,
} from './decode-delta.ts';
import { widthOf } from './decode-values.ts';
import type { FileLeaf } from './file-schema.ts';
import { ParquetInvalid } from './parquet-invalid.ts';

const [int32, int64, float, double, byteArray, fixedByteArray] = [1, 2, 4, 5, 6, 7] as const;
const [deltaBinaryPacked, deltaLengthByteArray, deltaByteArray, byteStreamSplit] = [5, 6, 7, 9];

/** The values of a page in an encoding without dictionary as the plain one has them. Throws ParquetInvalid. */
export function toPlain(
  { physical, length }: FileLeaf,
  encoding: number,
  bytes: Buffer,
  count: number,
): Buffer {
  const width = widthOf(physical, length);
  switch (encoding) {
    case deltaBinaryPacked:
      if (physical === int32 || physical === int64) return plainOfDeltas(bytes, count, width);
      break;
    case deltaLengthByteArray:
      if (physical === byteArray) return plainOfDeltaLengths(bytes, count);
      break;
    case deltaByteArray:
      if (physical === byteArray || physical === fixedByteArray) {
        return plainOfDeltaBytes(bytes, count, physical === byteArray);
      }
      break;
    case byteStreamSplit: {
      const isFixed = [int32, int64, float, double, fixedByteArray].some((each) => each === physical);
      if (isFixed) return plainOfSplitStreams(bytes, count, width);
      break;
    }
  }
  throw new ParquetInvalid(`a column has encoding ${encoding}, which its type has not or nobody knows`);
}
