import { writeFileSync } from 'node:fs';

/** Writes a file that is not there yet: what is there may be the only copy of a key. */
export function writeNew(path: string, text: string, mode: number): void {
  try {
    writeFileSync(path, text, { mode, flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause; // errors of files have one
    throw new Error(`${path} is there already, and a key is never overwritten; use another name`, {
      cause,
    });
  }
}
