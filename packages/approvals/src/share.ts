/**
 * Divides `left` among takers by what each can use: small needs are met in full, and what they
 * leave goes to the large ones in equal parts. Everybody gets something where there is one for each.
 */
export function share(needs: readonly number[], left: number): readonly number[] {
  const shares: number[] = [];
  const smallestFirst = [...needs.keys()].sort((a, b) => (needs[a] ?? 0) - (needs[b] ?? 0));
  let rest = left;
  for (const [done, taker] of smallestFirst.entries()) {
    const given = Math.min(needs[taker] ?? 0, Math.floor(rest / (needs.length - done)));
    shares[taker] = given;
    rest -= given;
  }
  return shares;
}
