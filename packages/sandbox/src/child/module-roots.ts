import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What a module is most likely to import: files beside and below it, and every `node_modules` and
 * `package.json` on the way up. Not what else lies beside those, such as an `.env`.
 */
export function moduleRoots(url: string): readonly string[] {
  const real = realpathSync(fileURLToPath(url));
  const found = new Set([dirname(real)]);
  for (let directory = dirname(real), last = ''; directory !== last;) {
    for (const name of ['node_modules', 'package.json']) {
      const path = join(directory, name);
      if (existsSync(path)) found.add(realpathSync(path));
    }
    last = directory;
    directory = dirname(directory);
  }
  return [...found];
}
