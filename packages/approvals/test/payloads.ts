import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const file = fileURLToPath(new URL('../../../../shared/data/payloads.json.gz', import.meta.url));

interface PayloadFile {
  readonly categories: Readonly<
    Record<string, readonly { readonly source: string; readonly items: readonly unknown[] }[]>
  >;
}

/** Every text of a category of the payload collection; `undefined` where the collection is missing. */
export function payloads(category: string): readonly string[] | undefined {
  if (!existsSync(file)) return undefined;
  const { categories } = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as PayloadFile; // its README says so
  const texts = (categories[category] ?? [])
    .flatMap(({ items }) => items)
    .filter((item) => typeof item === 'string');
  if (texts.length === 0) throw new Error(`the payload collection has no category "${category}"`);
  return texts;
}
