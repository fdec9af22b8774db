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
 * time; a line's bytes are only good until the next one is taken.
 */
export function* readLines(path: string, from = 0): Generator<FileLine, void, undefined> {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.allocUnsafe(CHUNK);
    let rest: Buffer = Buffer.alloc(0);
    let offset = from;
    let position = from;
    for (;;) {
      const read = readSync(file, chunk, 0, CHUNK, position);
      if (read === 0) break;
      position += read;
      const bytes =
        rest.length === 0
          ? chunk.subarray(0, read)
          : Buffer.concat([rest, chunk.subarray(0, read)]);
      let start = 0;
      for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
        yield { bytes: bytes.subarray(start, end), offset, terminated: true };
        offset += end + 1 - start;
        start = end + 1;
      }
      rest = Buffer.from(bytes.subarray(start));
    }
    if (rest.length > 0) yield { bytes: rest, offset, terminated: false };
  } finally {
    closeSync(file);
  }
}
