import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';

import { GuardError } from '@guardstile/core';

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
  /**
   * After a failure: puts aside what was being written.
   *
   * @throws {GuardError} `audit_tampered` when that is not all there is.
   */
  cut(): Dropped | undefined;
  close(): void;
}

/** Goes on at the end of a segment's entries. */
export function openLogFile(segment: Segment, offset: number): LogFile {
  return logFile(openSync(segment.path, constants.O_RDWR), segment, offset);
}

/** Begins a segment. One that is there already is not ours, unless nothing is in it. */
export function createLogFile(segment: Segment): LogFile {
  const file = openSync(segment.path, constants.O_RDWR | constants.O_CREAT, 0o600);
  if (fstatSync(file).size === 0) return logFile(file, segment, 0);
  closeSync(file);
  throw notOurs(segment);
}

/** Begins a segment in the place of a file that nothing of counts. */
export function replaceLogFile(segment: Segment): LogFile {
  const path = `${segment.path}.new`;
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_TRUNC, 0o600);
  renameSync(path, segment.path);
  return logFile(file, segment, 0);
}

function logFile(file: number, segment: Segment, offset: number): LogFile {
  let end = offset;
  /** Whether the file's name is known to be on disk. */
  let named = offset > 0;
  const { ino } = fstatSync(file);
  /** What may be behind the end after a failure. */
  let attempted: Buffer = Buffer.alloc(0);

  /** Whether the name still leads to this file, and how much is in it. */
  function sizeNow(): number {
    const there = statSync(segment.path, { throwIfNoEntry: false });
    if (there === undefined || there.ino !== ino) throw notOurs(segment);
    return there.size;
  }

  return {
    segment,
    get offset() {
      return end;
    },
    async append(bytes) {
      if (sizeNow() !== end) throw notOurs(segment);
      attempted = bytes;
      if (!named) syncDirectory(dirname(segment.path));
      named = true;
      await appendDurably(file, bytes, end);
      end += bytes.length;
    },
    cut() {
      const tail = readTail(file, end, sizeNow());
      if (!attempted.subarray(0, tail.length).equals(tail)) throw notOurs(segment);
      return cutTail(segment, end);
    },
    close: () => closeSync(file),
  };
}

function notOurs({ path }: Segment): GuardError {
  return new GuardError(
    'audit_tampered',
    `${path} was written, moved or replaced by somebody else while this process wrote it; end every other writer, verify the log, and open it again`,
  );
}

function readTail(file: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  let done = 0;
  for (let read = -1; read !== 0 && done < bytes.length; done += read) {
    read = readSync(file, bytes, done, bytes.length - done, from + done);
  }
  return bytes.subarray(0, done);
}

/** Cuts off what is behind `offset`, once a copy of it is on disk. Nothing is ever just deleted. */
export function cutTail({ path }: Segment, offset: number): Dropped | undefined {
  const file = openSync(path, 'r+');
  try {
    const tail = readTail(file, offset, fstatSync(file).size);
    if (tail.length === 0) return undefined;
    const digest = sha256(tail).toString('hex');
    const quarantine = `${path}.torn-${digest.slice(0, 16)}`;
    writeFileSync(quarantine, tail, { mode: 0o600, flush: true });
    syncDirectory(dirname(path));
    ftruncateSync(file, offset);
    fsyncSync(file);
    return { bytes: tail.length, sha256: digest, quarantine };
  } finally {
    closeSync(file);
  }
}
