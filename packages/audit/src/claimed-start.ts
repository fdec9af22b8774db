import type { AuditEntry } from '@guardstile/core';

import { parseLine } from './entry-line.ts';
import { isPoint } from './log-mark.ts';
import { readLines } from './read-lines.ts';
import type { PieceStart } from './read-piece.ts';
import type { Segment } from './segments.ts';

/**
 * Where the chain stood before a file, as its own first entry says. That shows nothing until the
 * files before have been read, and end there.
 */
export function claimedStart({ path, first }: Segment): PieceStart | undefined {
  const [line] = readLines(path);
  const body = line && parseLine(line.bytes)?.body;
  if (body === undefined) return undefined;
  try {
    const { log, prev, payload } = JSON.parse(body.toString()) as Partial<AuditEntry>; // checked below
    const { peaks = [] } = payload as { readonly peaks?: readonly unknown[] };
    const hashes = peaks.map((peak) => Buffer.from(String(peak), 'hex'));
    const from = { size: first, head: String(prev), peaks: hashes };
    return isPoint(from) ? { from, log } : undefined;
  } catch {
    return undefined;
  }
}
