// The grammar's WHITESPACE, comments aside. Not `\s`: U+0085, U+200B and U+FEFF are absent, U+001C..1F and U+180E present.
const WHITESPACE =
  ' \t\n\u000b\f\r\u001c\u001d\u001e\u001f\u00a0\u1680\u180e\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008' +
  '\u2009\u200a\u2028\u2029\u202f\u205f\u3000';
const LEFT_ARROWS = '<\u27e8\u3008\ufe64\uff1c';
const RIGHT_ARROWS = '>\u27e9\u3009\ufe65\uff1e';
const DASHES = '-\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d';

/** Whitespace characters of the grammar, without comments. */
export const WHITESPACE_CHARACTERS: ReadonlySet<string> = new Set(WHITESPACE);

/** Texts that may open a relationship pattern pointing left. */
export const LEFT_ARROW_HEADS: ReadonlySet<string> = new Set(LEFT_ARROWS);

/** Texts that may close a relationship pattern pointing right. */
export const RIGHT_ARROW_HEADS: ReadonlySet<string> = new Set(RIGHT_ARROWS);

/** Texts that count as the dash of a relationship pattern. */
export const PATTERN_DASHES: ReadonlySet<string> = new Set(DASHES);

/** Punctuation tokens that the parser can use, longest first. */
export const SYMBOLS: readonly string[] = [
  ...['..', '<>', '<=', '>=', '>>', '<<', '=~', '!='],
  ...[
    ';',
    '(',
    ')',
    ',',
    '.',
    '=',
    '[',
    ']',
    '{',
    '}',
    '|',
    '<',
    '>',
    '&',
    '+',
    '/',
    '%',
    '^',
    '$',
    '*',
    ':',
  ],
  ...['!', ...DASHES, ...LEFT_ARROWS.slice(1), ...RIGHT_ARROWS.slice(1)],
];

/** UnescapedSymbolicName: a name or keyword without backticks. */
export const UNESCAPED_NAME = /[\p{ID_Start}\p{Pc}][\p{ID_Continue}\p{Sc}]*/uy;

/** EscapedSymbolicName: adjacent backticked groups are one token, so a doubled backtick stays inside. */
export const ESCAPED_NAME = /(?:`[^`]*`)+/y;

/** StringLiteral; a backslash may only introduce the escapes of the grammar. */
export const STRING_LITERAL =
  /"(?:[^"\\]|\\(?:[\\'"bBfFnNrRtT]|[uU][0-9a-fA-F]{4}))*"|'(?:[^'\\]|\\(?:[\\'"bBfFnNrRtT]|[uU][0-9a-fA-F]{4}))*'/y;

/** ExponentDecimalReal or else RegularDecimalReal. */
export const DOUBLE = /\d*\.\d+(?:[eE]-?\d+)?|\d+[eE]-?\d+/y;

/** What a DecimalInteger is taken from. */
export const DIGITS = /\d+/y;

/** One comment. In the block form a star pairs with the next character, so `/***` + `/` does not close. */
export const COMMENT = /\/\*(?:[^*]|\*[^/])*\*\/|\/\/[^\n\r]*(?:\r?\n|\r?$)/y;
