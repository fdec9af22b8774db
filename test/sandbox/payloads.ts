import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

// Attack strings of public lists. They are data, live beside the repository and are no part of it.
const file = new URL('../../../shared/data/payloads.json.gz', import.meta.url);

/** Whether the lists are here; where they are not, the report says which tests were left out. */
export const payloadsAreHere: boolean = existsSync(file);

type Category = 'pathTraversal' | 'shellInjection' | 'ssrf' | 'naughtyStrings';

/** Every different string of a category. */
export function payloads(category: Category): readonly string[] {
  const { categories } = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as {
    readonly categories: Readonly<
      Record<Category, ReadonlyArray<{ readonly items: readonly string[] }>>
    >;
  };
  return [...new Set(categories[category].flatMap(({ items }) => items))];
}
