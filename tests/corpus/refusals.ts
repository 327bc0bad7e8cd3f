/** Settings that change what later statements give; the others are about speed and files. */
const meaningfulSettings =
  /\b(?:var_length_extend_max_depth|disable_map_key_check|recursive_pattern_semantic)\b/i;
const changes =
  /\b(?:(?:create|drop)(?:_\w+)?|merge|set|delete|alter|insert|import|attach|detach|use|begin|load\s+extension|project_graph\w*|macro)\b/i;
const copiesIn = /^\s*COPY\b(?!\s*\()/i;

/** True where the steps after a refused statement count on what it would have done. */
export function changesWhatFollows(statement: string, construct: string): boolean {
  if (construct === 'CALL setting') return meaningfulSettings.test(statement);
  if (construct === 'EXPLAIN') return false;
  if (construct === 'several statements') return true;
  return copiesIn.test(statement) || changes.test(withoutText(statement));
}

/** A family of constructs, for counting: `CALL show_warnings` and the like are one. */
export function refusalFamily(reason: string, construct: string): string {
  if (/^CALL (?!setting)/i.test(construct)) return 'CALL of a function that is not allowed';
  if (/^function /.test(construct)) return 'function that is not allowed';
  return reason === 'STATEMENT_NOT_ALLOWED' ? construct : reason;
}

function withoutText(statement: string): string {
  return statement.replace(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "''");
}
