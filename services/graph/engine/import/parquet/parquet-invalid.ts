/** A file that is no Parquet, or none that can be loaded. The message says why. */
export class ParquetInvalid extends Error {
  override readonly name = 'ParquetInvalid';
}
