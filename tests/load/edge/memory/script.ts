/**
 * What the upstream is to do with a call. It is told by the call itself, in a place where the edge does not look: the
 * statement, or the name of an import's table.
 */
export type Script =
  | { readonly kind: 'answer' }
  /** A stream of one message that does not end. */
  | { readonly kind: 'idle' }
  /** A stream of so many messages. */
  | { readonly kind: 'stream'; readonly count: number; readonly messageBytes: number }
  /** An error without an answer. */
  | { readonly kind: 'fail' }
  /** An upload that is read up to this many bytes, and answered when it ends. */
  | { readonly kind: 'upload'; readonly readBytes: number };

const names = ['answer', 'idle', 'stream', 'fail', 'upload'] as const;
const pattern = /script_([a-z]+)_(\d+)_(\d+)/;

export function toScriptName(script: Script): string {
  if (script.kind === 'stream') return `script_stream_${script.count}_${script.messageBytes}`;
  return `script_${script.kind}_${script.kind === 'upload' ? script.readBytes : 0}_0`;
}

/** Reads the script in the first bytes of a request; undefined where they have none. */
export function readScript(request: Buffer): Script | undefined {
  const [, name, first, second] = pattern.exec(request.toString('latin1', 0, 1_024)) ?? [];
  const kind = names.find((known) => known === name);
  if (kind === 'stream') return { kind, count: Number(first), messageBytes: Number(second) };
  if (kind === 'upload') return { kind, readBytes: Number(first) };
  return kind && { kind };
}
