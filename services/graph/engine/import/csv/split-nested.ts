/** White space of the engine: ASCII only. */
const spaces = ' \t\n\v\f\r';

/** The elements of `[a, b]` as the engine tells them apart; undefined where it would read no list. */
export function splitList(text: string): string[] | undefined {
  let at = skipSpace(text, 0);
  if (text[at] !== '[') return undefined;
  at = skipSpace(text, at + 1);
  const elements: string[] = [];
  for (let start = at, mayQuote = true; at < text.length; at += 1) {
    const character = text[at];
    if (character === '[' || character === '{') {
      at = closeOf(text, at);
      if (at === -1) return undefined;
    } else if (isQuote(character) && mayQuote) {
      const end = text.indexOf(character, at + 1);
      if (end !== -1) at = end;
    } else if (character === ',' || character === ']') {
      // `[]` has no element, `[1,]` two.
      if (character === ',' || start < at || elements.length > 0) elements.push(trim(text.slice(start, at)));
      if (character === ']') return isEnd(text, at + 1) ? elements : undefined;
      start = skipSpace(text, at + 1);
      at = start - 1;
      mayQuote = true;
      continue;
    }
    mayQuote = false;
  }
  return undefined;
}

/** The keys and values of `{a=1, b=2}` as the engine tells them apart; undefined where it would read no map. */
export function splitMap(text: string): (readonly [string, string])[] | undefined {
  return splitPairs(text, (start) => endOf(text, start, '='));
}

/** The names and values of `{a: 1, b: x}` as the engine tells them apart; undefined where it would read no struct. */
export function splitStruct(text: string): (readonly [string, string])[] | undefined {
  const pairs = splitPairs(text, (start) => text.indexOf(':', start));
  return pairs?.map(([name, value]) => [unquote(name), unquote(value)] as const);
}

function splitPairs(
  text: string,
  endOfName: (start: number) => number,
): (readonly [string, string])[] | undefined {
  let at = skipSpace(text, 0);
  if (text[at] !== '{') return undefined;
  at = skipSpace(text, at + 1);
  if (text[at] === '}') return isEnd(text, at + 1) ? [] : undefined;
  const pairs: (readonly [string, string])[] = [];
  while (at < text.length) {
    const nameEnd = endOfName(at);
    if (nameEnd === -1) return undefined;
    const start = skipSpace(text, nameEnd + 1);
    const end = endOf(text, start, ',', '}');
    if (end === -1) return undefined;
    pairs.push([trimEnd(text.slice(at, nameEnd)), trimEnd(text.slice(start, end))]);
    if (text[end] === '}') return isEnd(text, end + 1) ? pairs : undefined;
    at = skipSpace(text, end + 1);
  }
  return undefined;
}

/** Where one of the characters stands outside of quotes and brackets; -1 where none does. */
function endOf(text: string, start: number, ...ends: readonly string[]): number {
  for (let at = start; at < text.length; at += 1) {
    const character = text[at] as string;
    if (isQuote(character)) at = text.indexOf(character, at + 1);
    else if (character === '{' || character === '[') at = closeOf(text, at);
    else if (ends.includes(character)) return at;
    if (at === -1) return -1;
  }
  return -1;
}

/** Where the bracket closes that opens here; -1 where it does not. Only single quotes hide brackets. */
function closeOf(text: string, open: number): number {
  const wanted: string[] = [];
  for (let at = open; at < text.length; at += 1) {
    const character = text[at];
    if (character === "'") {
      at = text.indexOf(character, at + 1);
      if (at === -1) return -1;
    } else if (character === '{') wanted.push('}');
    else if (character === '[') wanted.push(']');
    else if (character === wanted.at(-1)) {
      wanted.pop();
      if (wanted.length === 0) return at;
    }
  }
  return -1;
}

function isQuote(character: string | undefined): character is string {
  return character === '"' || character === "'";
}

function unquote(text: string): string {
  const isQuoted = text.length > 1 && isQuote(text[0]) && text.at(-1) === text[0];
  return isQuoted ? text.slice(1, -1) : text;
}

function isEnd(text: string, at: number): boolean {
  return skipSpace(text, at) === text.length;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && spaces.includes(text[at] as string)) at += 1;
  return at;
}

function trim(text: string): string {
  return trimEnd(text.slice(skipSpace(text, 0)));
}

// Not by a pattern, which would try every space within the text.
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && spaces.includes(text[end - 1] as string)) end -= 1;
  return text.slice(0, end);
}
