/** The text of a stream whose chunks are text. */
export interface StreamText {
  push(chunk: string): void;
  /** All of it; `undefined` where it was more than is kept. */
  whole(): string | undefined;
  readonly isCut: boolean;
}

/**
 * Some streams yield what there is so far, each chunk beginning with the one before; then the last
 * one is the text. The chunks of all others are pieces of it.
 */
export function createStreamText(most: number): StreamText {
  /** Lengths of the chunks before the last, all of which it begins with. */
  let lengths: number[] = [];
  let last = '';
  /** Set once a chunk does not begin with the one before. */
  let pieces: string[] | undefined;
  let size = 0;
  let tooMuch = false;

  function keep(length: number): boolean {
    size += length + PIECE;
    tooMuch ||= size > most;
    return !tooMuch;
  }

  function split(): string[] {
    const all: string[] = [];
    for (const length of [...lengths, last.length]) {
      if (keep(length)) all.push(last.slice(0, length));
    }
    lengths = [];
    return all;
  }

  return {
    push(chunk) {
      if (tooMuch) return;
      if (pieces === undefined && chunk.startsWith(last) && lengths.length < MOST_CHUNKS) {
        tooMuch = chunk.length > most;
        if (tooMuch) return;
        if (last !== '') lengths.push(last.length);
        last = chunk;
        return;
      }
      pieces ??= split();
      if (keep(chunk.length)) pieces.push(chunk);
    },
    whole: () => (tooMuch ? undefined : (pieces?.join('') ?? last)),
    get isCut() {
      return tooMuch;
    },
  };
}

/** What keeping a piece costs. */
const PIECE = 8;
const MOST_CHUNKS = 100_000;
