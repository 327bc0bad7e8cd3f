import { HpackError } from './hpack-error.ts';

// RFC 7541, appendix B. The code is canonical (codes of one length follow each other in the order of their symbols, and
// shorter codes come first), so the lengths in bits say all of it: 16 symbols a line, then the end of a string.
const lengths = `
  13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28
  28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28
  6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6
  5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10
  13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7
  7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6
  15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5
  6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28
  20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23
  24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24
  22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23
  21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23
  26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25
  19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27
  20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23
  26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26
  30`
  .trim()
  .split(/\s+/)
  .map(Number);

const endOfString = 256;

/** A symbol's code, aligned to the right. */
export interface HuffmanCode {
  readonly bits: number;
  readonly length: number;
}

/** By symbol; the last is the end of a string, which is never sent. */
export const huffmanCodes: readonly HuffmanCode[] = assignCodes();

function assignCodes(): HuffmanCode[] {
  const codes: HuffmanCode[] = new Array(lengths.length);
  const symbols = [...lengths.keys()].sort((a, b) => lengthOf(a) - lengthOf(b) || a - b);
  let next = 0;
  let lengthBefore = 0;
  for (const symbol of symbols) {
    const length = lengthOf(symbol);
    next <<= length - lengthBefore;
    codes[symbol] = { bits: next, length };
    next++;
    lengthBefore = length;
  }
  return codes;
}

function lengthOf(symbol: number): number {
  return lengths[symbol] as number;
}

// A state is an inner node of the code's tree, 0 the root. No code has fewer than five bits, so four bits complete one
// symbol at most. `transitions[state << 4 | bits]` is the next state in its low byte, the completed symbol in the byte
// above, and these flags.
const completes = 0x10000;
const fails = 0x20000;
const transitions = new Int32Array(256 * 16);
/** 1 for the states in which a string may end: nothing, or at most seven bits, all of them 1, since a symbol. */
const isEnd = new Uint8Array(256);

/** A child of a node: another node, or a symbol as its complement; 0 where none is yet, for none leads to the root. */
const children: Int32Array = growTree();
buildTransitions();

function growTree(): Int32Array {
  const tree = new Int32Array(256 * 2);
  let nodes = 1;
  for (const [symbol, { bits, length }] of huffmanCodes.entries()) {
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const edge = node * 2 + ((bits >> bit) & 1);
      if (tree[edge] === 0) tree[edge] = nodes++;
      node = tree[edge] as number;
    }
    tree[node * 2 + (bits & 1)] = ~symbol;
  }
  return tree;
}

function buildTransitions(): void {
  for (let state = 0; state < 256; state++) {
    for (let bits = 0; bits < 16; bits++) transitions[(state << 4) | bits] = transition(state, bits);
  }
  for (let state = 0, ones = 0; ones <= 7; ones++) {
    isEnd[state] = 1;
    state = children[state * 2 + 1] as number;
  }
}

function transition(state: number, bits: number): number {
  let node = state;
  let flags = 0;
  for (let bit = 3; bit >= 0; bit--) {
    const child = children[node * 2 + ((bits >> bit) & 1)] as number;
    if (child >= 0) {
      node = child;
      continue;
    }
    if (~child === endOfString) return fails;
    flags = completes | (~child << 8);
    node = 0;
  }
  return flags | node;
}

/** What the decoded bytes are put into before they become a string; grows to the longest seen, bounded by the blocks. */
let scratch = Buffer.allocUnsafe(4_096);

/** The string of the Huffman-coded bytes from `start` to `end`. HpackError where they are none. */
export function decodeHuffman(block: Buffer, start: number, end: number): string {
  // The shortest code has five bits.
  const lengthMax = Math.floor(((end - start) * 8) / 5);
  if (scratch.length < lengthMax) scratch = Buffer.allocUnsafe(lengthMax);
  const into = scratch;
  let length = 0;
  let state = 0;
  for (let at = start; at < end; at++) {
    const byte = block[at] as number;
    const high = transitions[((state & 0xff) << 4) | (byte >> 4)] as number;
    if (high & completes) into[length++] = high >> 8;
    state = transitions[((high & 0xff) << 4) | (byte & 0xf)] as number;
    if (state & completes) into[length++] = state >> 8;
    if ((high | state) & fails) throw new HpackError('a string holds the code for its end');
  }
  if (isEnd[state & 0xff] !== 1) throw new HpackError('a string ends within a code');
  return into.toString('latin1', 0, length);
}
