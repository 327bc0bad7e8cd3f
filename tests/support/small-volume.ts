import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Puts an empty volume of this size at a directory. Throws where the machine does not let us. */
export function mountVolume(directory: string, mebibytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory], { stdio: 'pipe' });
}

/** Takes the volume away, with all that is on it. */
export function unmountVolume(directory: string): void {
  execFileSync('umount', [directory]);
}

/** True where volumes can be mounted: root, and a machine that allows it. */
export function canMountVolumes(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'trellis-volume-'));
  try {
    mountVolume(directory, 1);
    unmountVolume(directory);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(directory);
  }
}
