import { globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plainEnvironment } from './support/plain-environment.ts';
import { run } from './support/run.ts';
import { workspaceRoot } from './support/workspace-root.ts';

const directory = join(workspaceRoot, 'examples/src');
const examples = globSync('*.ts', { cwd: directory }).toSorted();

describe('examples', () => {
  it('exist', () => {
    expect(examples.length).toBeGreaterThan(0);
  });

  it.each(examples)('%s runs without a terminal', async (file) => {
    const { code, output } = await run(process.execPath, [join(directory, file)], {
      env: plainEnvironment,
      timeout: 50_000,
    });
    // The output is in the comparison so that a failure shows it.
    expect({ code, output }).toEqual({ code: 0, output });
    expect(output).not.toBe('');
    expect(output).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  });
});
