import type { Grammar, GrammarNode } from './grammar.ts';
import type { Random } from './random.ts';

/** Texts to write, by rule, instead of what the rule would derive. */
export type Vocabulary = Readonly<Record<string, readonly string[]>>;

/** Characters that lexers disagree about; what a class of the grammar takes of them is found by its pattern. */
const characters = [
  ...' \t\n\r\u000b\f\u001c\u001d\u001e\u001f"\'`\\/*#0129AaEeKkSsIiuUxXzZ_-+<>=!.,;:|&^%$(){}[]~?@',
  ...'\u00a0\u00ad\u0085\u00aa\u00b5\u00b7\u00e9\u0130\u0131\u017f\u1680\u180e\u200b\u200d\u2007\u2028\u2029',
  ...'\u202e\u202f\u203f\u20ac\u2040\u2060\u212a\u2160\u3000\u3007\u4e2d\ufe33\ufeff\uff0d\uff1c\uff21\uff3f\u0301',
  ...'\u{1d400}\u{1f600}\u{20000}\u{e0100}',
];

/** Below this depth a rule goes on as shortly as it can. */
const depthMax = 48;
/** Rules within which repetitions are likely: those near the root, not the nine levels of an expression. */
const rootDepth = 14;

/** Derives sentences from a grammar. */
export class SentenceGenerator {
  readonly #grammar: Grammar;
  readonly #vocabulary: Vocabulary;
  readonly #heights: ReadonlyMap<string, number>;

  constructor(grammar: Grammar, vocabulary: Vocabulary) {
    this.#grammar = grammar;
    this.#vocabulary = vocabulary;
    this.#heights = measureHeights(grammar);
  }

  /** A sentence of a rule. */
  generate(rule: string, random: Random): string {
    const out: string[] = [];
    this.#write({ kind: 'rule', name: rule }, 0, random, out);
    return out.join('');
  }

  #write(node: GrammarNode, depth: number, random: Random, out: string[]): void {
    switch (node.kind) {
      case 'literal':
        out.push(node.text);
        return;
      case 'keyword':
        pushWord(recase(node.word, random), random, out);
        return;
      case 'characters':
        out.push(random.pick(characters.filter((character) => node.pattern.test(character))));
        return;
      case 'sequence':
        for (const item of node.items) this.#write(item, depth, random, out);
        return;
      case 'choice':
        this.#write(this.#choose(node.options, depth, random), depth, random, out);
        return;
      case 'repeat': {
        const more = depth > depthMax ? 0 : depth < rootDepth ? 0.35 : 0.07;
        let count: number = node.min;
        while (count < (node.max ?? 6) && random.chance(more)) count += 1;
        for (let done = 0; done < count; done += 1) this.#write(node.item, depth, random, out);
        return;
      }
      case 'rule':
        this.#writeRule(node.name, depth, random, out);
    }
  }

  #writeRule(name: string, depth: number, random: Random, out: string[]): void {
    const words = this.#vocabulary[name];
    if (words && random.chance(name === 'oC_Atom' ? 0.6 : 0.9)) {
      pushWord(random.pick(words), random, out);
      return;
    }
    const body = this.#grammar.get(name);
    if (!body) throw new Error(`no rule ${name}`);
    this.#write(body, depth + 1, random, out);
  }

  #choose(options: readonly GrammarNode[], depth: number, random: Random): GrammarNode {
    if (depth <= depthMax) {
      const usual = options.filter((option) => option.kind !== 'sequence' || !option.isError);
      return random.pick(random.chance(0.97) ? usual : options);
    }
    return options.reduce((best, option) => {
      return heightOf(option, this.#heights) < heightOf(best, this.#heights) ? option : best;
    });
  }
}

/** The least depth that each rule needs to come to an end. */
function measureHeights(grammar: Grammar): ReadonlyMap<string, number> {
  const heights = new Map<string, number>();
  for (let changed = true; changed; ) {
    changed = false;
    for (const [name, body] of grammar) {
      const height = heightOf(body, heights) + 1;
      if (height >= (heights.get(name) ?? Number.POSITIVE_INFINITY)) continue;
      heights.set(name, height);
      changed = true;
    }
  }
  return heights;
}

function heightOf(node: GrammarNode, heights: ReadonlyMap<string, number>): number {
  switch (node.kind) {
    case 'sequence':
      return Math.max(0, ...node.items.map((item) => heightOf(item, heights)));
    case 'choice':
      return Math.min(...node.options.map((option) => heightOf(option, heights)));
    case 'repeat':
      return node.min === 0 ? 0 : heightOf(node.item, heights);
    case 'rule':
      return heights.get(node.name) ?? Number.POSITIVE_INFINITY;
    default:
      return 0;
  }
}

// The grammar takes words side by side that a lexer would read as one.
function pushWord(word: string, random: Random, out: string[]): void {
  const meets = /[\p{ID_Continue}\p{Sc}]$/u.test(out.at(-1) ?? '') && /^[\p{ID_Continue}\p{Sc}]/u.test(word);
  out.push(meets && random.chance(0.97) ? ` ${word}` : word);
}

function recase(word: string, random: Random): string {
  if (random.chance(0.7)) return word;
  return [...word].map((letter) => (random.chance(0.5) ? letter.toLowerCase() : letter)).join('');
}
