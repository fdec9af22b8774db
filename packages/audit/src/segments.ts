import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** One file of a log. */
export interface Segment {
  /** Position of its first entry in the log. */
  readonly first: number;
  readonly path: string;
}

const NAME = /^([0-9]{16})\.jsonl$/;

/** Named by its first entry, so that names sort like entries. */
export function segmentAt(directory: string, first: number): Segment {
  return { first, path: join(directory, `${String(first).padStart(16, '0')}.jsonl`) };
}

/** The segments of the log in a directory, oldest first. */
export function listSegments(directory: string): readonly Segment[] {
  return readdirSync(directory)
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .toSorted()
    .map((digits) => segmentAt(directory, Number(digits)));
}
