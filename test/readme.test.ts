import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksOf } from './readme/blocks.ts';
import { otherDocuments, readmes } from './readme/documents.ts';
import { extract } from './readme/extract.ts';
import { plainEnvironment } from './support/plain-environment.ts';
import { run } from './support/run.ts';
import { workspaceRoot } from './support/workspace-root.ts';

const existing = [...readmes(), ...otherDocuments()].filter((file) =>
  existsSync(join(workspaceRoot, file)),
);
const blocks = existing.flatMap(blocksOf);
const { project, fileOf } = extract(blocks);

describe('the code in the documents', () => {
  it.each(readmes())('%s shows code that runs', (document) => {
    const runnable = blocks.filter((block) => block.document === document && block.runs);
    expect(runnable.length).toBeGreaterThan(0);
  });

  it('compiles', async () => {
    const tsc = join(workspaceRoot, 'node_modules/typescript/bin/tsc');
    const { code, output } = await run(process.execPath, [tsc, '--project', project]);
    expect(output).toBe('');
    expect(code).toBe(0);
  });

  it.each(blocks.filter((block) => block.runs))('$document:$line runs', async (block) => {
    const cwd = mkdtempSync(join(tmpdir(), 'guardstile-readme-'));
    try {
      const { code, output } = await run(process.execPath, [fileOf(block)], {
        cwd,
        env: plainEnvironment,
        timeout: 50_000,
      });
      expect({ code, output }).toEqual({ code: 0, output });
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });
});
