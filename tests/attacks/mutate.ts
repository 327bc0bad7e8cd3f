import type { Random } from './random.ts';

/** Pieces that decide what a lexer reads next, and words that decide what a statement is. */
const pieces = [
  ...[
    '/*',
    '*/',
    '/**',
    '//',
    '/***/',
    '\n',
    '\r',
    '\r\n',
    '"',
    "'",
    '\\',
    '\\\\',
    "\\'",
    '`',
    '``',
    ';',
    ' ',
    '\t',
  ],
  ...[
    '\u00a0',
    '\u2028',
    '\u0085',
    '\u200b',
    '\ufeff',
    '\u180e',
    '\u001c',
    '\u212a',
    '\u017f',
    '\0',
    '\ud800',
  ],
  ...[
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '$',
    '$x',
    '..',
    '.',
    ',',
    '|',
    '-',
    '->',
    '<-',
    '<',
    '>',
    '=',
    ':=',
    '!',
    '*',
    ':',
  ],
  ...['0', '00', '1e', '1.', '.5', 'e', '_', '€', '\u2212', '\uff1c', '\u27e9'],
  ...[
    'COPY',
    'LOAD',
    'FROM',
    'TO',
    'ATTACH',
    'DETACH',
    'USE',
    'CALL',
    'EXPORT',
    'IMPORT',
    'DATABASE',
    'INSTALL',
  ],
  ...[
    'EXPLAIN',
    'PROFILE',
    'BEGIN',
    'TRANSACTION',
    'COMMIT',
    'CHECKPOINT',
    'CREATE',
    'SET',
    'DELETE',
    'MERGE',
  ],
  ...[
    'RETURN',
    'WITH',
    'MATCH',
    'UNION',
    'WHERE',
    'AS',
    'UNWIND',
    'EXISTS',
    'COUNT',
    'YIELD',
    'HINT',
    'CASE',
    'END',
  ],
  ...[
    "'x.csv'",
    'current_setting(',
    'HEADERS',
    'MACRO',
    'DROP',
    'ALTER',
    'TABLE',
    'NODE',
    'REL',
    'CAST(',
    'DECIMAL',
  ],
];

/** Changes a statement in a few places: words and characters dropped, doubled, swapped, put in. */
export function mutate(statement: string, others: readonly string[], random: Random): string {
  let text = statement;
  const times = random.chance(0.6) ? 1 : 1 + random.below(3);
  for (let done = 0; done < times; done += 1) text = mutateOnce(text, others, random);
  return text;
}

function mutateOnce(text: string, others: readonly string[], random: Random): string {
  switch (random.below(7)) {
    case 0: {
      const at = random.below(text.length + 1);
      return text.slice(0, at) + text.slice(at + 1 + random.below(3));
    }
    case 1: {
      const at = random.below(text.length + 1);
      return text.slice(0, at) + random.pick(pieces) + text.slice(at);
    }
    case 2: {
      const at = random.below(text.length + 1);
      const part = text.slice(at, at + random.below(12));
      return text.slice(0, at) + part + text.slice(at);
    }
    case 3: {
      const other = random.pick(others);
      return text.slice(0, random.below(text.length + 1)) + other.slice(random.below(other.length + 1));
    }
    default:
      return mutateWords(text, others, random);
  }
}

function mutateWords(text: string, others: readonly string[], random: Random): string {
  const words = toWords(text);
  const at = random.below(words.length + 1);
  const foreign = random.pick(toWords(random.pick(others)).concat(pieces));
  switch (random.below(4)) {
    case 0:
      words.splice(at, 1);
      break;
    case 1:
      words.splice(at, 0, foreign, ' ');
      break;
    case 2:
      words.splice(at, 1, foreign);
      break;
    default: {
      const other = random.below(words.length + 1);
      const [moved = ''] = words.splice(at, 1);
      words.splice(other, 0, moved);
    }
  }
  return words.join('');
}

function toWords(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}_]+|'[^']*'|"[^"]*"|./gsu) ?? [];
}
