/**
 * Cuts text that comes in pieces into lines. What is longer than `lineCharactersMax` is cut off, so that a process
 * that writes without end cannot fill the memory of another.
 */
export function createLineSplitter(lineCharactersMax: number, onLine: (line: string) => void) {
  let rest = '';
  const take = (piece: string) => {
    if (rest.length < lineCharactersMax) rest += piece.slice(0, lineCharactersMax - rest.length);
  };
  const end = () => {
    if (rest !== '') onLine(rest);
    rest = '';
  };
  return {
    push: (text: string) => {
      const [first = '', ...others] = text.split('\n');
      take(first);
      for (const piece of others) {
        end();
        take(piece);
      }
    },
    end,
  };
}
