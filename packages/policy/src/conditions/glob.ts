/** A path pattern by its segments: `*` and `?` within one, `**` for any number of them. */
export type Glob = readonly string[];

/** Whether the segments of a path match. Takes no more steps than both lengths multiplied. */
export function matchesGlob(path: readonly string[], glob: Glob): boolean {
  return walk(path, glob, (segment) => segment === '**', matchesSegment);
}

function matchesSegment(text: string, pattern: string): boolean {
  if (!pattern.includes('*') && !pattern.includes('?')) return text === pattern;
  const same = (letter: string, wanted: string): boolean => wanted === '?' || letter === wanted;
  return walk(Array.from(text), Array.from(pattern), (letter) => letter === '*', same);
}

/**
 * Matching with wildcards: on a mismatch, the last wildcard takes one item more. An earlier one
 * never has to be tried again, since the later one could take whatever it would.
 */
function walk(
  items: readonly string[],
  pattern: readonly string[],
  isWildcard: (wanted: string) => boolean,
  fits: (item: string, wanted: string) => boolean,
): boolean {
  let [at, next] = [0, 0];
  let wildcard: { readonly at: number; readonly next: number } | undefined;
  while (at < items.length) {
    const wanted = pattern[next];
    if (wanted !== undefined && isWildcard(wanted)) {
      wildcard = { at, next };
      next += 1;
    } else if (wanted !== undefined && fits(items[at] ?? '', wanted)) {
      at += 1;
      next += 1;
    } else if (wildcard === undefined) {
      return false;
    } else {
      wildcard = { at: wildcard.at + 1, next: wildcard.next };
      at = wildcard.at;
      next = wildcard.next + 1;
    }
  }
  return pattern.slice(next).every(isWildcard);
}
