import { EngineFailure, type EngineFailureKind } from '../engine-failure.ts';

const messageCharactersMax = 300;

const constraints: readonly (readonly [RegExp, string])[] = [
  [/^Found duplicated primary key value/, 'primary_key'],
  [/^Found NULL, which violates the non-null constraint/, 'not_null'],
  [/has connected edges/, 'relationships_exist'],
  [/violates the (?:ONE_|MANY_)?\w* ?relationship|multiplicity constraint/i, 'multiplicity'],
];

/** What the engine says when the file system did not take what it wrote. */
const notWritten = /Cannot write to file|No space left on device|Disk quota exceeded|File too large/;

/** True where the file system did not take all that was written. */
export function isNotWritten(thrown: unknown): boolean {
  return notWritten.test(textOf(thrown));
}

/** What a checkpoint says that did not begin, because something was under way. */
export function isCheckpointTimeout(thrown: unknown): boolean {
  return /Timeout waiting for active transactions to leave/.test(textOf(thrown));
}

/** What a commit says when its write is safe and only the checkpoint after it did not happen. */
export function isCheckpointFailure(thrown: unknown): boolean {
  return /Timeout waiting for active transactions to leave|^Checkpoint exception/i.test(textOf(thrown));
}

/** Turns what the binding threw into a failure that a caller may see. */
export function toEngineFailure(thrown: unknown): EngineFailure {
  if (thrown instanceof EngineFailure) return thrown;
  const text = textOf(thrown);
  const [, family = '', rest = text] = /^(\w[\w ]*? exception): (.*)$/s.exec(text) ?? [];
  const message = sanitize(rest);
  if (text.startsWith('Interrupted')) {
    return new EngineFailure('timeout', 'the statement ran longer than it may', {}, thrown);
  }
  if (/buffer manager exception|buffer pool is full|bad_alloc|Unable to allocate/i.test(text)) {
    return new EngineFailure('memory', 'the statement needs more memory than the graph has', {}, thrown);
  }
  if (isNotWritten(thrown)) {
    return new EngineFailure('storage', "the disk of the graph's node is full", {}, thrown);
  }
  const kind: EngineFailureKind = /^(?:Parser|Binder|Catalog) exception$/.test(family) ? 'invalid' : 'failed';
  const position = /\(line: (\d+), offset: (\d+)\)/.exec(rest);
  if (position) {
    const facts = { line: position[1] ?? '', column: String(Number(position[2]) + 1) };
    return new EngineFailure(kind, message, facts, thrown);
  }
  const constraint = constraints.find(([pattern]) => pattern.test(rest))?.[1];
  return new EngineFailure(kind, message, constraint ? { constraint } : {}, thrown);
}

/** The first line, without paths: the engine quotes files, lines of the statement and long lists of functions. */
function sanitize(text: string): string {
  const line = (text.split('\n')[0] ?? '')
    .replace(/ ?Line\/record containing the error:.*$/, '')
    .replace(/Error in file \S+ on line \d+: /g, '')
    .replace(/(?:\/[\w.@~-]+){2,}/g, '<path>')
    .replace(/ Supported inputs are$/, '');
  return line.length > messageCharactersMax ? `${line.slice(0, messageCharactersMax)}…` : line;
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
