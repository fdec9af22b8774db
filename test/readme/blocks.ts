import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workspaceRoot } from '../support/workspace-root.ts';

/** A `ts` block of a document. */
export interface Block {
  /** The document, relative to the workspace. */
  readonly document: string;
  /** The line on which the code starts. */
  readonly line: number;
  readonly code: string;
  /** False for a block marked `ts no-run`, which is type-checked only. */
  readonly runs: boolean;
}

/** The `ts` blocks of a Markdown document in the order in which they stand. */
export function blocksOf(document: string): readonly Block[] {
  const lines = readFileSync(join(workspaceRoot, document), 'utf8').split('\n');
  const blocks: Block[] = [];
  let open: { readonly fence: string; readonly info: string; readonly start: number } | undefined;
  for (const [index, line] of lines.entries()) {
    if (open === undefined) {
      const [, fence, info = ''] = /^\s*(`{3,})(.*)$/.exec(line) ?? [];
      if (fence !== undefined) open = { fence, info: info.trim(), start: index + 1 };
    } else if (line.trim() === open.fence) {
      const [language, ...marks] = open.info.split(/\s+/);
      if (language === 'ts' || language === 'typescript') {
        const code = lines.slice(open.start, index).join('\n');
        blocks.push({ document, line: open.start + 1, code, runs: !marks.includes('no-run') });
      }
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`${document}:${open.start}: this block is never closed`);
  return blocks;
}
