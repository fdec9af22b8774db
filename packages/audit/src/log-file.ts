import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { appendDurably, syncDirectory } from './durable-file.ts';
import { sha256 } from './hashing.ts';
import type { Segment } from './segments.ts';

/** What was found behind the last entry that counts, and put aside. */
export interface Dropped {
  readonly bytes: number;
  /** SHA-256 of it, hexadecimal. */
  readonly sha256: string;
  /** Where it was copied to. */
  readonly quarantine: string;
}

/** An open segment that is written at its end. */
export interface LogFile {
  readonly segment: Segment;
  /** Bytes that are known to be on disk. */
  readonly offset: number;
  append(bytes: Buffer): Promise<void>;
  close(): void;
}

/** Creates the segment, or goes on at the end of its entries. */
export function openLogFile(segment: Segment, offset: number): LogFile {
  const file = openSync(segment.path, constants.O_RDWR | constants.O_CREAT, 0o600);
  if (offset === 0) syncDirectory(dirname(segment.path));
  let end = offset;
  return {
    segment,
    get offset() {
      return end;
    },
    async append(bytes) {
      await appendDurably(file, bytes, end);
      end += bytes.length;
    },
    close: () => closeSync(file),
  };
}

/** Cuts off what is behind `offset`, once a copy of it is on disk. Nothing is ever just deleted. */
export function cutTail({ path }: Segment, offset: number): Dropped | undefined {
  const tail = readFileSync(path).subarray(offset);
  if (tail.length === 0) return undefined;
  const digest = sha256(tail).toString('hex');
  const quarantine = `${path}.torn-${digest.slice(0, 16)}`;
  writeFileSync(quarantine, tail, { mode: 0o600, flush: true });
  const file = openSync(path, 'r+');
  try {
    ftruncateSync(file, offset);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  syncDirectory(dirname(path));
  return { bytes: tail.length, sha256: digest, quarantine };
}
