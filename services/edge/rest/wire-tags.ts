import { type DescField, ScalarType } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';

const wireTypes: ReadonlyMap<ScalarType, WireType> = new Map([
  [ScalarType.DOUBLE, WireType.Bit64],
  [ScalarType.FIXED64, WireType.Bit64],
  [ScalarType.SFIXED64, WireType.Bit64],
  [ScalarType.FLOAT, WireType.Bit32],
  [ScalarType.FIXED32, WireType.Bit32],
  [ScalarType.SFIXED32, WireType.Bit32],
  [ScalarType.STRING, WireType.LengthDelimited],
  [ScalarType.BYTES, WireType.LengthDelimited],
]);

/** The tag of a field, or of each element of one that is not packed: what comes before its bytes. */
export function wireTag(field: DescField): number {
  const { number, scalar } = field;
  if (field.message) return (number << 3) | WireType.LengthDelimited;
  return (
    (number << 3) | (scalar === undefined ? WireType.Varint : (wireTypes.get(scalar) ?? WireType.Varint))
  );
}
