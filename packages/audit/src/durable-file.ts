import {
  closeSync,
  fdatasync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  write,
  writeSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';

const datasync = promisify(fdatasync);
const writeSome = promisify(write);

/** Appends all of the bytes to an open file and waits until the disk has them. */
export async function appendDurably(file: number, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    // A full disk takes a part and says so by a short count, not by an error.
    const { bytesWritten } = await writeSome(file, bytes, done, bytes.length - done, at + done);
    if (bytesWritten === 0) throw new Error('the disk takes no more');
    done += bytesWritten;
  }
  await datasync(file);
}

/** Makes the names in a directory as durable as the files. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Creates a directory, and whatever it is in, so that it is there after a crash, too. */
export function createDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let made = resolve(path); made !== top; made = dirname(made)) syncDirectory(dirname(made));
}

/** Makes sure that there is a file that only its owner reads; what is there stays. */
export function createPrivately(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
}

/** Replaces a file: whoever reads it finds the old one or the new one, whole, and after a crash too. */
export function replaceFile(path: string, content: string): void {
  swapFile(path, content, 'synced');
  syncDirectory(dirname(path));
}

/** As `replaceFile`, without waiting for the disk: after a crash it may be the old one, or empty. */
export function replaceFileSoon(path: string, content: string): void {
  swapFile(path, content, 'soon');
}

function swapFile(path: string, content: string, when: 'synced' | 'soon'): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  try {
    const bytes = Buffer.from(content);
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
    if (when === 'synced') fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}
