/** How often the memory of the process is looked at. */
const intervalMs = 250;

/**
 * Calls back once when the process has more memory than it may. The engine's buffer pool does not bound what a
 * statement takes (tried on 0.11.3: `collect` over 20 million rows took 2.6 GB with a pool of 256 MB), and
 * nothing can interrupt a statement, so only its process's end saves the neighbours.
 */
export function watchMemory(
  bytesMax: number,
  onTooMuch: (bytes: number) => void,
  memory: () => number = () => process.memoryUsage.rss(),
): () => void {
  const timer = setInterval(() => {
    const bytes = memory();
    if (bytes <= bytesMax) return;
    clearInterval(timer);
    onTooMuch(bytes);
  }, intervalMs);
  timer.unref();
  return () => clearInterval(timer);
}
