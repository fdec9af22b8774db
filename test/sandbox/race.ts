import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { isGuardError, type ToolCall } from '@guardstile/core';
import { filesystemSandbox, openBeneath } from '@guardstile/sandbox';

/** How a tool gets at a file while somebody exchanges the names on the way. */
export interface Strategy {
  readonly name: string;
  /** What it read, or `undefined` where it wrote. */
  attempt(root: string, path: string): string | undefined | Promise<string | undefined>;
}

export interface RaceResult {
  readonly tries: number;
  /** How often something outside was read or written. */
  readonly escapes: number;
  /** How often it got at the file that was meant. */
  readonly reached: number;
}

/** Tries until there are enough, or `until` has seen enough, against a process that flips links. */
export async function race(
  strategy: Strategy,
  tries: number,
  until: (result: RaceResult) => boolean = () => false,
): Promise<RaceResult> {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'guardstile-race-')));
  const [root, outside] = [join(top, 'root'), join(top, 'outside')];
  mkdirSync(root);
  mkdirSync(outside);
  writeFileSync(join(outside, 'file'), 'OUTSIDE');
  const attacker = spawn(
    process.execPath,
    [fileURLToPath(new URL('./race-attacker.ts', import.meta.url)), root, outside],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const ended = once(attacker, 'exit');
  try {
    await once(attacker.stdout, 'data');
    const result = await attempts(strategy, root, outside, tries, until);
    if (attacker.exitCode !== null)
      throw new Error('the attacker gave up, so that nothing was raced');
    return result;
  } finally {
    attacker.kill('SIGKILL');
    await ended;
    rmSync(top, { recursive: true, force: true });
  }
}

async function attempts(
  { attempt }: Strategy,
  root: string,
  outside: string,
  tries: number,
  until: (result: RaceResult) => boolean,
): Promise<RaceResult> {
  let result: RaceResult = { tries: 0, escapes: 0, reached: 0 };
  while (result.tries < tries && !until(result)) {
    const path = result.tries % 2 === 0 ? 'dir/file' : 'file';
    const got = await settled(() => attempt(root, path));
    const escaped = got === 'OUTSIDE' || hasWritten(outside);
    result = {
      tries: result.tries + 1,
      escapes: result.escapes + (escaped ? 1 : 0),
      reached: result.reached + (got === 'INSIDE' || got === 'WROTE' ? 1 : 0),
    };
  }
  return result;
}

/** What was refused, or was not there at that moment, read nothing. */
async function settled(attempt: () => unknown): Promise<unknown> {
  try {
    return await attempt();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (isGuardError(error) || (typeof code === 'string' && code.startsWith('E'))) return undefined;
    throw error;
  }
}

/** Whether something was created or changed outside; it is put right for the next try. */
function hasWritten(outside: string): boolean {
  const names = readdirSync(outside);
  const text = readFileSync(join(outside, 'file'), 'utf8');
  if (names.length === 1 && text === 'OUTSIDE') return false;
  for (const name of names) rmSync(join(outside, name));
  writeFileSync(join(outside, 'file'), 'OUTSIDE');
  return true;
}

function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** The path as the sandbox hands it to a tool. */
function confine(root: string, path: string): string {
  const call = {
    tool: { source: 'app', name: 'read' },
    facts: { effect: 'readOnly', money: false, capabilities: [], why: '' },
    confined: { path },
  } as unknown as ToolCall; // what a sandbox looks at
  const answer = filesystemSandbox({ roots: [root] }).confine?.(call) as {
    readonly args?: { readonly path: string };
  };
  if (answer.args === undefined) throw Object.assign(new Error('refused'), { code: 'EREFUSED' });
  return answer.args.path;
}

const CONFINED: Strategy = {
  name: '`filesystemSandbox`, and the tool opens the path it is given',
  attempt: (root, path) => read(confine(root, path)),
};

export const BENEATH: Strategy = {
  name: '`openBeneath`, reading',
  async attempt(root, path) {
    await using file = await openBeneath(root, path);
    return await file.readFile('utf8');
  },
};

export const BENEATH_WRITING: Strategy = {
  name: '`openBeneath`, creating and truncating',
  async attempt(root, path) {
    await using file = await openBeneath(root, path, 'w');
    await file.writeFile('INSIDE');
    return 'WROTE';
  },
};

export const LEXICAL: Strategy = {
  name: 'the text is checked (`resolve`, starts with the root), and opened',
  attempt(root, path) {
    const whole = resolve(root, path);
    return whole.startsWith(`${root}/`) ? read(whole) : undefined;
  },
};

export const STRATEGIES: readonly Strategy[] = [
  LEXICAL,
  {
    name: '`realpath` is checked, and the path opened',
    attempt(root, path) {
      const whole = resolve(root, path);
      return realpathSync.native(whole).startsWith(`${root}/`) ? read(whole) : undefined;
    },
  },
  {
    name: '`realpath` is checked, and that opened',
    attempt(root, path) {
      const real = realpathSync.native(resolve(root, path));
      return real.startsWith(`${root}/`) ? read(real) : undefined;
    },
  },
  {
    name: '`realpath` is checked, and that opened for writing',
    attempt(root, path) {
      const real = realpathSync.native(resolve(root, path));
      if (!real.startsWith(`${root}/`)) return undefined;
      const file = openSync(real, 'w');
      writeFileSync(file, 'INSIDE');
      closeSync(file);
      return 'WROTE';
    },
  },
  CONFINED,
  BENEATH,
  BENEATH_WRITING,
];
