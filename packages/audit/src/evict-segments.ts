import type { KeyObject } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { basename } from 'node:path';

import type { AuditEntry } from '@guardstile/core';

import { syncDirectory } from './durable-file.ts';
import { parseLine } from './entry-line.ts';
import { leafHashOf, macOf } from './hashing.ts';
import { type LogMark, writeMark } from './log-mark.ts';
import type { Eviction } from './open-log.ts';
import { readLines } from './read-lines.ts';
import { listSegments, type Segment } from './segments.ts';

/** When whole segments may be given up. Infinity keeps all of them. */
export interface RetentionLimits {
  /** Oldest segments are given up while all of them are larger, in bytes. */
  readonly retainBytes: number;
  /** Segments are given up whose last entry is older, in milliseconds. */
  readonly retainMs: number;
}

interface Boundary {
  readonly segment: Segment;
  readonly first: AuditEntry;
  readonly peaks: readonly string[];
}

/**
 * What may be given up: whole segments from the beginning on that all anchors cover. Whoever keeps
 * the checkpoints can still verify what is left.
 */
export function evictSegments(
  directory: string,
  {
    key,
    anchored,
    now,
    limits,
  }: {
    readonly key: KeyObject;
    /** How many entries all anchors cover. */
    readonly anchored: number;
    readonly now: number;
    readonly limits: RetentionLimits;
  },
): Eviction | undefined {
  if (limits.retainBytes === Infinity && limits.retainMs === Infinity) return undefined;
  const segments = listSegments(directory);
  let bytes = segments.reduce((sum, { path }) => sum + statSync(path).size, 0);
  let keepFrom: Boundary | undefined;
  for (const [i, segment] of segments.entries()) {
    const next = segments[i + 1];
    if (next === undefined || next.first > anchored) break;
    const boundary = boundaryAt(next, key);
    const old = boundary !== undefined && boundary.first.ts < now - limits.retainMs;
    if (bytes <= limits.retainBytes && !old) break;
    bytes -= statSync(segment.path).size;
    keepFrom = boundary ?? keepFrom;
  }
  if (keepFrom === undefined) return undefined;
  const { segment, first, peaks } = keepFrom;
  const given = segments.filter((one) => one.first < segment.first);
  return {
    payload: {
      entries: { from: given[0]?.first, to: segment.first - 1 },
      files: given.map(({ path }) => basename(path)),
      head: first.prev,
    },
    carryOut(open) {
      const base: LogMark = {
        log: first.log,
        size: segment.first,
        head: first.prev,
        peaks: peaks.map((peak) => Buffer.from(peak, 'hex')),
        segment: segment.first,
        offset: 0,
        open: [...open],
        closed: false,
      };
      // Once this is there nothing before it is read any more.
      writeMark(directory, 'base', base, key);
      for (const { path } of given) rmSync(path);
      syncDirectory(directory);
    },
  };
}

/** The first entry of a segment, if it says where the tree stood before it. */
function boundaryAt(segment: Segment, key: KeyObject): Boundary | undefined {
  const [line] = readLines(segment.path);
  const stored = line === undefined ? undefined : parseLine(line.bytes);
  if (stored === undefined || macOf(key, leafHashOf(stored.body)) !== stored.mac) return undefined;
  const first = JSON.parse(stored.body.toString()) as AuditEntry; // as its writer wrote it
  const { peaks } = (first.payload ?? {}) as { readonly peaks?: readonly string[] };
  return first.seq === segment.first && peaks !== undefined ? { segment, first, peaks } : undefined;
}
