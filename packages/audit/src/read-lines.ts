import { closeSync, openSync, readSync } from 'node:fs';

const CHUNK = 1 << 20;
const LINE_FEED = 10;

/** One line of a file. */
export interface FileLine {
  readonly bytes: Buffer;
  /** Where it starts in the file, in bytes. */
  readonly offset: number;
  /** Whether a line feed ends it; only the last line may lack one. */
  readonly terminated: boolean;
}

/**
 * The lines of a file from an offset on, without their line feeds. Holds one chunk and one line at a
 * time, always in the same memory; a line's bytes are only good until the next one is taken.
 */
export function* readLines(path: string, from = 0): Generator<FileLine, void, undefined> {
  const file = openSync(path, 'r');
  try {
    let buffer = Buffer.allocUnsafe(CHUNK);
    /** Where the line that is not whole yet begins in the file, and how much of it is there. */
    let offset = from;
    let begun = 0;
    for (;;) {
      if (begun === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2);
      const read = readSync(file, buffer, begun, buffer.length - begun, offset + begun);
      if (read === 0) break;
      const bytes = buffer.subarray(0, begun + read);
      let start = 0;
      // What is there of the line that was begun has no end in it.
      let end = bytes.indexOf(LINE_FEED, begun);
      for (; end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
        yield { bytes: bytes.subarray(start, end), offset: offset + start, terminated: true };
        start = end + 1;
      }
      offset += start;
      begun = bytes.length - start;
      buffer.copyWithin(0, start, bytes.length);
    }
    if (begun > 0) yield { bytes: buffer.subarray(0, begun), offset, terminated: false };
  } finally {
    closeSync(file);
  }
}
