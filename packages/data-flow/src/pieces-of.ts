const MOST_WORDS = 24;
const MOST_PIECES = 6;

/**
 * Whether a value consists of accepted pieces. It is cut between words, at spacing and commas, never
 * within an address or a path: `eve@evil.com` is not made of `eve` and `evil.com`.
 */
export function piecesOf(value: string, isAccepted: (piece: string) => boolean): boolean {
  const cuts = cutsOf(value);
  if (cuts.length < 2 || cuts.length > MOST_WORDS) return false;
  let pieces = 0;
  for (let i = 0; i < cuts.length;) {
    const next = longestFrom(value, cuts, i, isAccepted);
    pieces += 1;
    if (next === undefined || pieces > MOST_PIECES) return false;
    i = next;
  }
  return true;
}

/** The word after the longest accepted piece from here on. */
function longestFrom(
  value: string,
  cuts: ReadonlyArray<readonly [number, number]>,
  i: number,
  isAccepted: (piece: string) => boolean,
): number | undefined {
  const [from] = cuts[i] ?? [0];
  for (let j = cuts.length; j > i; j -= 1) {
    const to = cuts[j - 1]?.[1] ?? from;
    if (isAccepted(value.slice(from, to))) return j;
  }
  return undefined;
}

/** The bounds of the words. */
function cutsOf(value: string): ReadonlyArray<readonly [number, number]> {
  const words = value.matchAll(/[^\s,]+/g);
  return Array.from(words, (word) => [word.index, word.index + word[0].length] as const);
}
