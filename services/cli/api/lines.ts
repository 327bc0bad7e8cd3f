/** The lines of a stream of UTF-8, without their ends. The last one needs no end. */
export async function* readLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  for await (const chunk of bytes) {
    const [head = '', ...tail] = decoder.decode(chunk, { stream: true }).split('\n');
    pieces.push(head);
    for (const next of tail) {
      yield pieces.join('');
      pieces = [next];
    }
  }
  const last = pieces.join('') + decoder.decode();
  if (last !== '') yield last;
}
