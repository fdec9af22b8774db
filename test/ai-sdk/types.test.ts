import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { workspaceRoot } from '../support/workspace-root.ts';

const run = promisify(execFile);
const compiler = join(workspaceRoot, 'node_modules', 'typescript', 'bin', 'tsc');

it.each(['true', 'false'])(
  'types of tools, calls and messages are unchanged by a guard in ai 5, 6 and 7, with exactOptionalPropertyTypes %s',
  async (exact) => {
    const project = join(import.meta.dirname, 'types');
    const args = [compiler, '-p', project, '--exactOptionalPropertyTypes', exact];
    const { stdout } = await run(process.execPath, args).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(stdout).toBe('');
  },
);
