import { createRequire } from 'node:module';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { workspaceRoot } from '../../support/workspace-root.ts';

const require = createRequire(import.meta.url);
const PROGRAM = ['v0/program.ts', 'tool-kinds.ts', 'entry-points.ts', 'bypass-table.ts'];

/**
 * An application on the 0.3 line of LangChain: the adapter as it is published, beside a
 * `@langchain/core` of that line and no other. Packages are laid out as npm would, without a network.
 */
export function createV0Project(): string {
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'guardstile-langchain-v0-')));
  const adapter = join(project, 'node_modules/@guardstile/langchain');
  for (const file of ['package.json', 'dist']) {
    cpSync(join(workspaceRoot, 'adapters/langchain', file), join(adapter, file), {
      recursive: true,
    });
  }
  link(project, '@langchain/core', dirname(require.resolve('langchain-core-v0/package.json')));
  link(project, '@guardstile/core', join(workspaceRoot, 'packages/core'));
  link(project, '@guardstile/approvals', join(workspaceRoot, 'packages/approvals'));
  link(project, 'zod', dirname(require.resolve('zod/package.json')));
  writeFileSync(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  for (const file of PROGRAM) {
    cpSync(join(workspaceRoot, 'test/langchain', file), join(project, 'src', file));
  }
  return project;
}

function link(project: string, name: string, target: string): void {
  const path = join(project, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, 'dir');
}
