import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from '../support/publishable-packages.ts';
import { workspaceRoot } from '../support/workspace-root.ts';
import { mustRun } from './must-run.ts';

/** The compilers that users have: the current one and the last of the JavaScript line. */
export const compilers = ['typescript', 'typescript-5'] as const;

/** Writes an empty application that depends on the tarballs, and installs it. */
export async function createProject(
  directory: string,
  tarballs: ReadonlyMap<string, string>,
): Promise<void> {
  const root = readManifest(workspaceRoot).devDependencies ?? {};
  const ofAdapter = (name: string) =>
    readManifest(join(workspaceRoot, 'adapters', name)).devDependencies ?? {};
  const adapter = ofAdapter('ai-sdk');
  const manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: {
      ...Object.fromEntries([...tarballs].map(([name, file]) => [name, `file:${file}`])),
      ai: adapter['ai'],
      '@langchain/core': ofAdapter('langchain')['@langchain/core'],
      zod: adapter['zod'],
    },
    devDependencies: {
      '@types/node': root['@types/node'],
      typescript: root['typescript'],
      'typescript-5': 'npm:typescript@5.9.3',
    },
  };
  writeFileSync(join(directory, 'package.json'), JSON.stringify(manifest, null, 2));
  await mustRun('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund'], {
    cwd: directory,
    timeout: 300_000,
  });
}
