import { decodings } from './decodings.ts';
import { normalizeText } from './normalize-text.ts';

/** How often what is encoded may be encoded again. */
const DEEPEST_ENCODING = 3;
const DEEPEST = 64;

/** All that a value says: its texts as one, so that what is split over fields is whole again; its field names; both decoded. */
export function spellingsOf(value: unknown): readonly string[] {
  const values: string[] = [];
  const names: string[] = [];
  collect(value, values, names, 0);
  const all = [values.join('\n'), names.join('\n')].map(normalizeText).filter((t) => t !== '');
  let last: readonly string[] = all;
  for (let depth = 0; depth < DEEPEST_ENCODING && last.length > 0; depth += 1) {
    last = last.flatMap(decodings);
    all.push(...last);
  }
  return all;
}

function collect(value: unknown, values: string[], names: string[], depth: number): void {
  if (typeof value === 'string') values.push(value);
  else if (typeof value === 'number' || typeof value === 'bigint') values.push(String(value));
  if (typeof value !== 'object' || value === null || depth === DEEPEST) return;
  for (const [name, own] of Object.entries(value)) {
    if (!Array.isArray(value)) names.push(name);
    collect(own, values, names, depth + 1);
  }
}
