import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What a module is most likely to import: files beside and below it, the `package.json` that says
 * what it is, and every `node_modules` on the way up. Not what else lies there, such as an `.env`.
 */
export function moduleRoots(url: string): readonly string[] {
  const own = dirname(realpathSync(fileURLToPath(url)));
  const up = ancestors(own);
  const scope = up.map((directory) => join(directory, 'package.json')).find(existsSync);
  const installed = up.map((directory) => join(directory, 'node_modules')).filter(existsSync);
  const roots = [own, ...(scope === undefined ? [] : [scope]), ...installed];
  return [...new Set(roots.map((path) => realpathSync(path)))];
}

/** A directory and all above it. */
function ancestors(directory: string): readonly string[] {
  const above = dirname(directory);
  return above === directory ? [directory] : [directory, ...ancestors(above)];
}
