import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { replaceFile } from './durable-file.ts';

const FILE = 'checkpoint';

/** The checkpoint that was signed last, as it lies beside the log. */
export function readCheckpoint(directory: string): string | undefined {
  try {
    return readFileSync(join(directory, FILE), 'utf8');
  } catch {
    return undefined;
  }
}

export function writeCheckpoint(directory: string, note: string): void {
  replaceFile(join(directory, FILE), note);
}
