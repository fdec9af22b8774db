import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { Answer, Task } from './audit-process.ts';

const execute = promisify(execFile);

/** Has one thing done in a process of its own. */
export async function runAuditProcess(task: Task): Promise<Answer> {
  const script = new URL('./audit-process.ts', import.meta.url).pathname;
  const { stdout } = await execute(process.execPath, [script, JSON.stringify(task)]);
  return JSON.parse(stdout) as Answer;
}
