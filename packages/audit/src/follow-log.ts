import { statSync } from 'node:fs';

import { type AuditEntry, GuardError } from '@guardstile/core';

import { CHAIN_START, type ChainCheck, chainCheck } from './chain-check.ts';
import { readMark } from './log-mark.ts';
import { readLines } from './read-lines.ts';
import { listSegments } from './segments.ts';
import { listSlots, logsIn, slotPath } from './slots.ts';
import { readRows } from './sqlite-rows.ts';

/** A log that grows while it is read. */
export interface LogFollower {
  /**
   * What was written since the last time, checked on the way.
   *
   * @throws {GuardError} `audit_tampered` at the first entry that does not follow.
   */
  take(): Generator<AuditEntry, void, undefined>;
}

/** Follows a log from its beginning, in a directory or in a database file; or all that are in one directory. */
export function followLog(path: string): LogFollower {
  if (logsIn(path).length > 1) return followAll(path);
  if (statSync(path).isFile()) return followRows(path, chainCheck(CHAIN_START, undefined));
  const start = readMark(path, 'base', undefined) ?? CHAIN_START;
  return followFiles(path, chainCheck(start, undefined), start.size);
}

/** One after the other; logs that begin later are taken up. */
function followAll(directory: string): LogFollower {
  const followers = new Map<string, LogFollower>();
  return {
    *take() {
      for (const slot of listSlots(directory)) {
        const follower = followers.get(slot) ?? followLog(slotPath(directory, slot));
        followers.set(slot, follower);
        yield* follower.take();
      }
    },
  };
}

function followRows(path: string, chain: ChainCheck): LogFollower {
  return {
    *take() {
      for (const { line } of readRows(path, chain.size)) yield next(chain, Buffer.from(line));
    },
  };
}

function followFiles(path: string, chain: ChainCheck, start: number): LogFollower {
  let at = { first: start, offset: 0 };
  return {
    *take() {
      for (const { first, path: file } of listSegments(path)) {
        if (first < at.first) continue;
        if (first > at.first) at = { first, offset: 0 };
        for (const { bytes, offset, terminated } of readLines(file, at.offset)) {
          // It is still being written.
          if (!terminated) break;
          const entry = next(chain, bytes);
          at = { first, offset: offset + bytes.length + 1 };
          yield entry;
        }
      }
    },
  };
}

function next(chain: ChainCheck, line: Buffer): AuditEntry {
  const read = chain.next(line);
  if ('entry' in read) return read.entry;
  throw new GuardError(
    'audit_tampered',
    `entry ${chain.size}: ${read.fault}; verify the log and keep it as evidence`,
  );
}
