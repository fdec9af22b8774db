import { decodings, unescapings } from './decodings.ts';
import type { Leaves } from './kept-text.ts';
import { classOf, type OriginClass } from './origin.ts';

const DEEP: ReadonlySet<OriginClass | undefined> = new Set(['prompt', 'secret']);

/**
 * The leaves once more, decoded, each under its own label; `undefined` where nothing is encoded.
 * Base64 is undone for what the user types and for secrets: what untrusted content hides in it is
 * trusted by nobody either way.
 */
export function decodedLeaves(leaves: Leaves): Leaves | undefined {
  const { text, starts, pattern, patterns } = leaves;
  const deep = patterns.map(({ origin }) => DEEP.has(classOf(origin)));
  if (!deep.includes(true) && !text.includes('%') && !text.includes('&')) return undefined;
  const parts: string[] = [];
  const from: number[] = [];
  for (let i = 0; i < starts.length; i += 1) {
    const next = starts[i + 1];
    const leaf = text.slice(starts[i], next === undefined ? text.length : next - 1);
    const decode = deep[pattern[i] ?? 0] === true ? decodings : unescapings;
    for (const decoded of decode(leaf)) {
      parts.push(decoded);
      from.push(i);
    }
  }
  if (parts.length === 0) return undefined;
  let at = 0;
  const bounds = parts.map((part) => (at += part.length + 1) - part.length - 1);
  const pick = (list: ArrayLike<number>): readonly number[] => from.map((i) => list[i] as number); // indexes of these lists
  return {
    ...leaves,
    text: parts.join('\n'),
    starts: bounds,
    pattern: pick(leaves.pattern),
    item: pick(leaves.item),
  };
}
