import { globSync } from 'node:fs';
import { publishablePackages } from '../support/publishable-packages.ts';
import { workspaceRoot } from '../support/workspace-root.ts';

/** The documents that must show code that runs: the README of the workspace and of every package. */
export function readmes(): readonly string[] {
  const folders = publishablePackages().map(({ directory }) =>
    directory.slice(workspaceRoot.length + 1).replaceAll('\\', '/'),
  );
  return ['README.md', ...folders.map((folder) => `${folder}/README.md`)];
}

/** The other documents whose code is checked, if they have any. */
export function otherDocuments(): readonly string[] {
  return globSync('docs/**/*.md', { cwd: workspaceRoot }).toSorted();
}
