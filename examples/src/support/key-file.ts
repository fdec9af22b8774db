import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * The key in a file, which the first process writes. It stands in for a secret manager: whoever reads
 * it and writes the store can approve anything.
 */
export function keyFile(path: string): Uint8Array {
  try {
    writeFileSync(path, randomBytes(32), { flag: 'wx', mode: 0o600 });
  } catch {
    // Another process was first.
  }
  return new Uint8Array(readFileSync(path));
}
