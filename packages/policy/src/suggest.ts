const LONGEST = 64;

/** The known name that a wrong one was probably meant to be, as ` (did you mean "x"?)`, or nothing. */
export function suggest(wrong: string, known: Iterable<string>): string {
  if (wrong.length > LONGEST) return '';
  let best: string | undefined;
  let least = most(wrong.length) + 1;
  for (const name of known) {
    if (Math.abs(name.length - wrong.length) >= least) continue;
    const distance = edits(wrong.toLowerCase(), name.toLowerCase());
    if (distance >= least) continue;
    [best, least] = [name, distance];
  }
  return best === undefined ? '' : ` (did you mean "${best}"?)`;
}

/** A short name has many neighbours that nobody meant. */
function most(length: number): number {
  return length < 2 ? 0 : length < 5 ? 1 : Math.floor(length / 3) + 1;
}

/** How many letters were left out, added, replaced, or swapped with their neighbour. */
function edits(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = at(row, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = swaps ? at(before, j - 2) + 1 : Number.POSITIVE_INFINITY;
      next.push(Math.min(replaced, swapped, at(row, j) + 1, at(next, j - 1) + 1));
    }
    [before, row] = [row, next];
  }
  return at(row, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
