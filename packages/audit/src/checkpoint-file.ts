import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { replaceFileSoon } from './durable-file.ts';
import { readNote } from './sqlite-rows.ts';

const FILE = 'checkpoint';

/** The checkpoint that was signed last, as it lies beside the log or in its database. */
export function readCheckpoint(path: string): string | undefined {
  try {
    if (statSync(path).isFile()) return readNote(path, FILE);
    return readFileSync(join(path, FILE), 'utf8');
  } catch {
    return undefined;
  }
}

export function writeCheckpoint(directory: string, note: string): void {
  // Anchors keep it; this is a copy for whoever makes proofs.
  replaceFileSoon(join(directory, FILE), note);
}
