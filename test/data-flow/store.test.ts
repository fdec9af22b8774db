import { spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import type { Step } from './store-process.ts';

const FRIEND = 'GB29NWBK60161331926819';
const ATTACKER = 'US133000000121212121212';

function flowPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'data-flow-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'flow.db');
}

interface Ended {
  readonly lines: readonly string[];
  readonly signal: NodeJS.Signals | null;
}

/** A process of its own that takes these steps. */
async function run(path: string, ...steps: readonly Step[]): Promise<Ended> {
  const program = join(import.meta.dirname, 'store-process.ts');
  const child = spawn(process.execPath, [program, JSON.stringify({ path, steps })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const signal = await new Promise<NodeJS.Signals | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (_code, killedBy) => resolve(killedBy));
  });
  return { lines: output.trim().split('\n'), signal };
}

describe('a session in a file', () => {
  it('keeps its trust and its distrust over a restart', async () => {
    const path = flowPath();
    await run(
      path,
      ['say', 'Pay DE89370400440532013000'],
      ['list', [{ to: FRIEND, note: ATTACKER }]],
      ['add', 'Charlie and company'],
      ['list', [{ to: 'Charlie and company' }]],
    );
    const { lines } = await run(
      path,
      ['pay', 'DE89370400440532013000'],
      ['pay', FRIEND],
      ['pay', ATTACKER],
      ['pay', 'Charlie and company'],
    );
    expect(lines.filter((line) => line === 'pay ok')).toHaveLength(2);
    expect(lines.join('\n')).toContain('[0].note of list');
    expect(lines.join('\n')).toContain('after this session had sent it');
  });

  it('knows what a process kept that was killed before it could tell anybody', async () => {
    const path = flowPath();
    const died = await run(path, ['say', 'hello'], ['die'], ['list', [{ note: ATTACKER }]]);
    expect(died).toEqual({ lines: ['ready', 'say ok', 'die ok'], signal: 'SIGKILL' });
    const { lines } = await run(path, ['pay', ATTACKER]);
    expect(lines.join('\n')).toContain('[0].note of list');
  });

  it('knows what may have been sent where a process was killed on its way to the body', async () => {
    const path = flowPath();
    const died = await run(path, ['say', 'hello'], ['die'], ['add', ATTACKER]);
    expect(died).toEqual({ lines: ['ready', 'say ok', 'die ok'], signal: 'SIGKILL' });
    const { lines } = await run(path, ['list', [{ to: ATTACKER }]], ['pay', ATTACKER]);
    expect(lines.join('\n')).toContain('after this session had sent it');
  });

  it('loses nothing where two processes write it at once', async () => {
    const path = flowPath();
    const names = Array.from({ length: 40 }, (_, i) => `Member number ${i}`);
    const lists = names.map((to): Step => ['list', [{ to }]]);
    await run(path, ['say', 'hello']);
    const both = await Promise.all([
      run(path, ...lists.slice(0, 20)),
      run(path, ...lists.slice(20)),
    ]);
    for (const { lines } of both) expect(lines).toHaveLength(21);
    const { lines } = await run(path, ...names.map((to): Step => ['pay', to]));
    expect(lines.filter((line) => line === 'pay ok')).toHaveLength(40);
  });

  it('in an older copy of the file is as it was then: what came later is not known', async () => {
    const path = flowPath();
    await run(path, ['say', `Pay ${FRIEND}`]);
    copyFileSync(path, `${path}.old`);
    await run(path, ['add', ATTACKER]);
    rmSync(path);
    for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true });
    copyFileSync(`${path}.old`, path);
    const { lines } = await run(
      path,
      ['pay', FRIEND],
      ['list', [{ to: ATTACKER }]],
      ['pay', ATTACKER],
    );
    // As the README says: whoever can put an older file there can do more than that.
    expect(lines.filter((line) => line === 'pay ok')).toHaveLength(2);
  });
});
