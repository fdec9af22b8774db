import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Package } from '../support/publishable-packages.ts';
import { workspaceRoot } from '../support/workspace-root.ts';
import { mustRun } from './must-run.ts';

/** Packs every package as `npm publish` would, `prepack` included; file name by package name. */
export async function packAll(
  packages: readonly Package[],
  destination: string,
): Promise<ReadonlyMap<string, string>> {
  mkdirSync(destination, { recursive: true });
  const workspaces = packages.flatMap(({ manifest }) => ['--workspace', manifest.name]);
  await mustRun('npm', ['pack', '--pack-destination', destination, ...workspaces], {
    cwd: workspaceRoot,
  });
  const files = readdirSync(destination);
  return new Map(
    packages.map(({ manifest }) => {
      const file = `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`;
      if (!files.includes(file)) throw new Error(`npm pack wrote no ${file}`);
      return [manifest.name, join(destination, file)];
    }),
  );
}
