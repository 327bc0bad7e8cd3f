import { CALLABLE_TABLE_FUNCTIONS } from './callable-functions.ts';
import { foldedNameOf, nameOf, type Token } from './token.ts';
import { notAllowed } from './token-cursor.ts';

// Openings of statements outside the allow-list. The parser refuses them anyway; this gives them their names.
const REFUSED_OPENINGS: readonly string[] = [
  'ATTACH',
  'BEGIN',
  'CHECKPOINT',
  'COMMIT',
  'COPY',
  'CREATE MACRO',
  'CREATE USER',
  'DROP MACRO',
  'EXPLAIN',
  'EXPORT',
  'FORCE',
  'IMPORT',
  'INSTALL',
  'LOAD',
  'PROFILE',
  'ROLLBACK',
  'UNINSTALL',
  'UPDATE',
  'USE',
];

/**
 * Refuses what no derivation of the grammar may contain, whichever one the engine's parser would choose. It
 * stands beside the parser so that a mistake there does not open the engine's files.
 */
export function screenTokens(tokens: readonly Token[]): void {
  const [first, second, third] = tokens;
  if (first !== undefined) screenOpening(first, second, third);
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'keyword') continue;
    const next = tokens[index + 1];
    const afterNext = tokens[index + 2];
    if (token.word === 'LOAD' && opensScan(next, afterNext)) throw notAllowed('LOAD FROM', token);
    if (token.word === 'CALL' && !namesProperty(tokens, index) && callsUnlisted(next, afterNext)) {
      throw notAllowed(`CALL ${next === undefined ? '' : nameOf(next)}`, token);
    }
  }
}

function screenOpening(first: Token, second: Token | undefined, third: Token | undefined): void {
  if (first.kind !== 'keyword') return;
  const pair = second?.kind === 'keyword' ? `${first.word} ${second.word}` : first.word;
  const refused = REFUSED_OPENINGS.find((opening) => opening === first.word || opening === pair);
  // `CREATE user = (…)` names a path.
  if (refused !== undefined && third?.text !== '=') throw notAllowed(refused, first);
  if (first.word === 'DETACH' && !(second?.word === 'DELETE' && third !== undefined && third.text !== ';')) {
    throw notAllowed('DETACH', first);
  }
}

function opensScan(next: Token | undefined, afterNext: Token | undefined): boolean {
  if (next?.kind !== 'keyword') return false;
  return next.word === 'FROM' || (next.word === 'WITH' && afterNext?.word === 'HEADERS');
}

// `call MAP(STRING, INT64)` in a list of properties, and after ADD.
function namesProperty(tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1]?.text;
  return before === '(' || before === ',' || tokens[0]?.word === 'ALTER';
}

function callsUnlisted(name: Token | undefined, parenthesis: Token | undefined): boolean {
  if (name?.kind !== 'name' && name?.kind !== 'escaped-name') return false;
  return parenthesis?.text === '(' && !CALLABLE_TABLE_FUNCTIONS.has(foldedNameOf(name));
}
