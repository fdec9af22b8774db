import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plainEnvironment } from './support/plain-environment.ts';
import { run } from './support/run.ts';
import { temporaryDirectory } from './support/temporary-directory.ts';
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

describe('examples with a log on disk', () => {
  const commandLine = join(workspaceRoot, 'packages/cli/src/main.ts');

  it.each(['audit-log.ts', 'langchain-audit-log.ts'])(
    '%s leaves one that anybody verifies from elsewhere, and of which no change goes unseen',
    async (file) => {
      const folder = join(temporaryDirectory(), 'example');
      const { code, output } = await run(process.execPath, [join(directory, file), folder], {
        env: plainEnvironment,
        timeout: 50_000,
      });
      expect({ code, output }).toEqual({ code: 0, output });

      const copy = join(temporaryDirectory(), 'copy');
      cpSync(join(folder, 'audit'), copy, { recursive: true });
      const checkpoints = globSync(join(folder, 'anchor/*.checkpoint'));
      expect(checkpoints).toHaveLength(1);
      const proof = ['--public-key', join(folder, 'public-key'), '--checkpoint', ...checkpoints];
      const verify = () =>
        run(process.execPath, [commandLine, 'audit', 'verify', copy, ...proof], {
          env: plainEnvironment,
        });
      const whole = await verify();
      expect(whole.output).toContain('VERIFIED up to entry');
      expect(whole.code).toBe(0);

      const segment = join(copy, '0000000000000000.jsonl');
      const text = readFileSync(segment, 'utf8');
      writeFileSync(segment, text.replace('"user":"ann"', '"user":"bob"'));
      const changed = await verify();
      expect(changed.output).toMatch(/TAMPERED: 0{16}\.jsonl, offset \d+, entry \d+: /);
      expect(changed.code).toBe(1);
    },
  );
});
