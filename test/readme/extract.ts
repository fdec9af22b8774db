import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceRoot } from '../support/workspace-root.ts';
import type { Block } from './blocks.ts';

/** Inside the `test` workspace, so that imports resolve as in an application; ignored by git. */
const directory = join(workspaceRoot, 'test/.tmp/readme');

/** The folder with every block as a module, and a project that type-checks them all. */
export interface Extracted {
  readonly project: string;
  fileOf(block: Block): string;
}

/** Writes every block to a file named for its document and line. */
export function extract(blocks: readonly Block[]): Extracted {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const fileOf = ({ document, line }: Block): string =>
    join(directory, `${document.replaceAll(/[^\w-]+/g, '_')}_line_${line}.ts`);
  for (const block of blocks) {
    // A block without imports is a module all the same: its names are its own.
    writeFileSync(fileOf(block), `${block.code}\nexport {};\n`);
  }
  const project = join(directory, 'tsconfig.json');
  const config = {
    extends: '../../../examples/tsconfig.json',
    compilerOptions: { incremental: false, tsBuildInfoFile: null, rootDir: '../../..' },
    include: ['*.ts'],
    references: [],
  };
  writeFileSync(project, JSON.stringify(config));
  return { project, fileOf };
}
