// From the engine's keywords.txt and the lexer rules DECIMAL and L_SKIP; ASCII case-insensitive.
const RESERVED_WORDS =
  'ACYCLIC ALL AND ANY ASC ASCENDING CASE CAST COLUMN COMMIT_SKIP_CHECKPOINT CREATE DBTYPE DEFAULT DESC ' +
  'DESCENDING DISTINCT ELSE END ENDS EXISTS FALSE GLOB GROUP HEADERS HINT IN INSTALL JOIN MACRO MULTI_JOIN ' +
  'NONE NOT NULL ON ONLY OPTIONAL OR ORDER PRIMARY PROFILE ROLLBACK_SKIP_CHECKPOINT SHORTEST SINGLE STARTS ' +
  'TABLE THEN TRAIL TRUE UNION UNWIND WHEN WHERE WITH WSHORTEST XOR';

// kU_NonReservedKeywords: keywords that the grammar also takes as a symbolic name.
const NON_RESERVED_WORDS =
  'ADD ALTER AS ATTACH BEGIN BY CALL CHECKPOINT COMMENT COMMIT CONTAINS COPY COUNT CYCLE DATABASE DECIMAL ' +
  'DELETE DETACH DROP EXPLAIN EXPORT EXTENSION FORCE FROM GRAPH IF IMPORT INCREMENT IS KEY LIMIT LOAD LOGICAL ' +
  'MATCH MAXVALUE MERGE MINVALUE NO NODE PROJECT READ REL RENAME RETURN ROLLBACK SEQUENCE SET SKIP START ' +
  'STRUCT TO TRANSACTION TYPE UNINSTALL UPDATE USE USER WRITE YIELD';

/** Keywords that can never be a name without backticks. */
export const RESERVED_KEYWORDS: ReadonlySet<string> = new Set(RESERVED_WORDS.split(' '));

/** Keywords that the grammar also accepts as names. */
export const NON_RESERVED_KEYWORDS: ReadonlySet<string> = new Set(NON_RESERVED_WORDS.split(' '));

/** Upper-cases ASCII letters only: the engine folds no other letter (`ſ` and `ı` must not become S and I). */
export function upperAscii(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}
