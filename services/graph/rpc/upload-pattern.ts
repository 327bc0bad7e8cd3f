/** The names of uploads in the work directory. */
export const uploadPattern = /^upload-\d+(?:-keys-\d+)?\.(?:parquet|raw)$/;
