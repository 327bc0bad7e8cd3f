/** Paths that exist and that an attack may name. */
export interface Targets {
  /** A directory that may be written. */
  readonly outside: string;
  /** A file of numbers and text. */
  readonly canary: string;
  /** The database of another tenant. */
  readonly victimFile: string;
}

/** Statements that would read, write or open a file where one of them came to the engine. */
export function attacksOnFiles({ outside, canary, victimFile }: Targets): string[] {
  const reads = [
    `LOAD FROM '${canary}' RETURN *`,
    `LOAD FROM ['${canary}'] RETURN *`,
    `LOAD FROM glob('${outside}/*.csv') RETURN *`,
    `LOAD WITH HEADERS (a INT64, b STRING) FROM '${canary}' (header = false) WHERE a = 1 RETURN *`,
    `MATCH (n:P) LOAD FROM '${canary}' RETURN *`,
    `RETURN 1 AS a UNION ALL LOAD FROM '${canary}' RETURN column0 AS a`,
    `COPY P FROM '${canary}'`,
    `COPY P(id, name) FROM '${canary}' (header = false)`,
    `COPY P FROM (LOAD FROM '${canary}' RETURN *)`,
    `CREATE NODE TABLE Stolen AS LOAD FROM '${canary}' RETURN *`,
    `CALL READ_CSV_SERIAL('${canary}') RETURN *`,
    `CALL read_csv_parallel('${canary}') RETURN *`,
    `CALL file_info('${canary}') RETURN *`,
    `/***/ RETURN '*/ LOAD FROM "${canary}" RETURN * //'`,
    `RETURN 'it\\'s' AS x; LOAD FROM '${canary}' RETURN *`,
  ];
  const writes = [
    `COPY (MATCH (n:P) RETURN n.id) TO '${outside}/out.csv'`,
    `COPY (RETURN 1) TO '${outside}/out.parquet'`,
    `EXPORT DATABASE '${outside}/dump'`,
    `EXPORT DATABASE '${outside}/dump' (format = 'csv')`,
    `EXPLAIN COPY (RETURN 1) TO '${outside}/out.csv'`,
    `PROFILE COPY (RETURN 1) TO '${outside}/out.csv'`,
    `/*****/ RETURN "*/ COPY (RETURN 1) TO '${outside}/out.csv' //"`,
    `ATTACH '${outside}/new.kuzu' AS fresh (dbtype kuzu)`,
  ];
  const databases = [
    `ATTACH '${victimFile}' AS victim (dbtype kuzu)`,
    `ATTACH '${victimFile}'(dbtype kuzu, skip_unsupported_table = true)`,
    `IMPORT DATABASE '${outside}'`,
    `LOAD EXTENSION '${outside}/canary.csv'`,
    `CALL file_search_path='${outside}'`,
    `CALL home_directory='${outside}'`,
  ];
  return [...reads, ...writes, ...databases];
}
