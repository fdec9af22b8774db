import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { fileAudit } from '@guardstile/audit';
import { sqliteStopSwitch } from '@guardstile/limits';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { run } from '../run.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const AUDIT_KEY = 'a key of the log of votes, long enough';

let directory: string;
let path: string;

beforeEach(() => {
  directory = temporaryDirectory();
  path = join(directory, 'limits.db');
});

/** Makes the file, as a program does that uses it. */
function made(): void {
  sqliteStopSwitch(path).close();
}

async function guardstile(...args: readonly string[]) {
  let [out, error] = ['', ''];
  const code = await run(args, {
    out: (text) => (out += text),
    error: (text) => (error += text),
    interactive: false,
    signal: new AbortController().signal,
  });
  return { code, out, error };
}

/** A log of these commands, and who uses them. */
function configured(voter: unknown = { id: 'bob', tenant: 'acme' }): void {
  writeFileSync(join(directory, 'votes.key'), AUDIT_KEY, { mode: 0o600 });
  const file = join(directory, 'config.json');
  const config = { voter, audit: 'votes', auditKeyFile: 'votes.key' };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  vi.stubEnv('GUARDSTILE_CONFIG', file);
}

async function written(): Promise<readonly string[]> {
  const log = fileAudit(join(directory, 'votes'), { key: AUDIT_KEY, slots: 8 });
  const entries = log.query({ kind: 'application' });
  await log.close();
  return entries.map(({ action, actor, tenant, reason }) =>
    [action, actor, tenant, reason].join(' '),
  );
}

describe('guardstile stop and resume', () => {
  it('stop, say so, and lift it again', async () => {
    made();
    expect(await guardstile('stop', path, '--status')).toEqual({
      code: 0,
      out: 'calls may start\n',
      error: '',
    });
    expect(await guardstile('stop', path, '--reason', 'incident \u{1b}[2J7')).toMatchObject({
      code: 0,
      error: '',
    });
    await guardstile('stop', path, '--reason', 'second');
    expect(await guardstile('stop', path, '--status')).toEqual({
      code: 1,
      out: 'calls are stopped: incident \\u{1b}[2J7\ncalls are stopped: second\n',
      error: '',
    });
    expect(await guardstile('resume', path)).toMatchObject({
      code: 0,
      out: 'lifted 2 stops: calls may start again\n',
    });
    expect(await guardstile('resume', path)).toMatchObject({
      code: 0,
      out: 'calls were not stopped\n',
    });
    expect((await guardstile('stop', path, '--status')).code).toBe(0);
  });

  it('say it for machines', async () => {
    made();
    const said = async (...args: readonly string[]): Promise<unknown> =>
      JSON.parse((await guardstile(...args, '--json')).out);
    expect(await said('stop', path, '--reason', 'a')).toEqual({ stopped: ['a'] });
    expect(await said('stop', path, '--status')).toEqual({ stopped: ['a'] });
    expect(await said('resume', path)).toEqual({ lifted: ['a'] });
    expect(await said('stop', path, '--status')).toEqual({ stopped: [] });
  });

  it.each([
    [['stop', 'FILE', '--reason', 'x']],
    [['stop', 'FILE', '--status']],
    [['resume', 'FILE']],
  ])('make no file that nobody uses: %j', async (args) => {
    const given = args.map((arg) => (arg === 'FILE' ? path : arg));
    const { code, error } = await guardstile(...given);
    expect(code).toBe(2);
    expect(error).toContain(path);
    expect(existsSync(path)).toBe(false);
  });

  it.each([
    ['an empty file', () => writeFileSync(path, '')],
    ['a directory', () => mkdirSync(path)],
  ])('take %s for no stop switch: it would stop nobody', async (_, make) => {
    make();
    for (const args of [
      ['stop', path, '--reason', 'x'],
      ['stop', path, '--status'],
      ['resume', path],
    ]) {
      const { code, out, error } = await guardstile(...args);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(error).toContain(`there is no stop switch ${path}`);
    }
    expect(statSync(path).isDirectory() || statSync(path).size === 0).toBe(true);
  });

  it('say that calls stay stopped where somebody stops them again meanwhile', async () => {
    made();
    await guardstile('stop', path, '--reason', 'first');
    const other = sqliteStopSwitch(path);
    onTestFinished(() => other.close());
    // Who lifts a stop is written down first, which takes a while.
    configured();
    const resumed = guardstile('resume', path);
    other.stop('second');
    expect(await resumed).toMatchObject({
      code: 1,
      out: 'lifted the stop; calls are stopped again: second\n',
    });
  });

  it.each([
    [['stop']],
    [['stop', 'FILE']],
    [['stop', 'FILE', '--reason', 'x', '--status']],
    [['resume']],
  ])('is told how to be used: %j', async (args) => {
    made();
    const given = args.map((arg) => (arg === 'FILE' ? path : arg));
    expect((await guardstile(...given)).code).toBe(2);
    expect((await guardstile('stop', path, '--status')).code).toBe(0);
  });

  it('say that a file is none of a stop switch, or cannot be used', async () => {
    writeFileSync(path, 'no database at all, and long enough not to be taken for an empty one');
    const { code, out, error } = await guardstile('stop', path, '--reason', 'x');
    expect({ code, out }).toEqual({ code: 6, out: '' });
    expect(error).toContain('[limits_error]');
    expect(error).toContain('calls are not stopped; moving the file away stops the programs');
  });

  it('explain themselves', async () => {
    const { code, out } = await guardstile('stop', '--help');
    expect(code).toBe(0);
    expect(out).toContain('Exit codes:');
    expect((await guardstile('--help')).out).toMatch(/ stop .*\n[^]* resume /);
  });
});

describe('who stopped and who lifted it', () => {
  it('is written into the log of these commands, and nothing where nothing was lifted', async () => {
    made();
    configured();
    expect((await guardstile('resume', path)).code).toBe(0);
    expect((await guardstile('stop', path, '--reason', 'incident 7')).code).toBe(0);
    expect((await guardstile('resume', path)).code).toBe(0);
    expect(await written()).toEqual([
      'stop.thrown bob acme incident 7',
      'stop.lifted bob acme incident 7',
    ]);
  });

  it('holds up no stop where it cannot be written, but does hold up whoever lifts one', async () => {
    made();
    configured();
    vi.stubEnv('GUARDSTILE_CONFIG', join(directory, 'gone.json'));
    const stopped = await guardstile('stop', path, '--reason', 'incident 7');
    expect(stopped.code).toBe(6);
    expect(stopped.out).toMatch(/^stopped/);
    expect(stopped.error).toContain('calls are stopped, but who did it was not written down');
    const lifted = await guardstile('resume', path);
    expect(lifted).toMatchObject({ code: 6, out: '' });
    expect(lifted.error).toContain('calls stay stopped');
    expect((await guardstile('stop', path, '--status')).code).toBe(1);
  });
});

describe('a program that runs meanwhile', () => {
  const PROGRAM = `
    import { createGuard } from '@guardstile/core';
    import { sqliteStopSwitch } from '@guardstile/limits';
    const stopSwitch = sqliteStopSwitch(process.argv[1]);
    const guard = createGuard({
      policy: ({ tool }) => (tool.name === 'ask' ? 'ask' : 'allow'), asks: 'wait', stopSwitch,
    });
    const alive = setInterval(() => undefined, 1000);
    const ended = (call) => call.then(() => 'ran', (error) => error.code);
    const running = ended(guard.call({ tool: 'run', args: {} }, () => new Promise(() => undefined)));
    const waiting = ended(guard.call({ tool: 'ask', args: {} }, () => 1));
    console.log('ready');
    console.log(await running, await waiting);
    console.log(await ended(guard.call({ tool: 'run', args: {} }, () => 1)));
    clearInterval(alive);
  `;

  function said(child: ChildProcess): { readonly text: () => string; ready(): Promise<void> } {
    let text = '';
    const ready = Promise.withResolvers<void>();
    child.stdout?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      if (text.startsWith('ready')) ready.resolve();
    });
    return { text: () => text, ready: () => ready.promise };
  }

  it('is stopped from a shell: what runs, what waits for an answer, and what comes', async () => {
    made();
    const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, path], {
      cwd: fileURLToPath(new URL('../../../../test', import.meta.url)),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const over = once(child, 'close');
    const { text, ready } = said(child);
    await ready();
    const shell = `"$1" "$2" stop "$3" --reason 'incident 7' && "$1" "$2" stop "$3" --status`;
    const command = execFile('sh', ['-c', shell, 'sh', process.execPath, main, path]);
    const [code] = (await once(command, 'close')) as readonly unknown[];
    expect(code).toBe(1); // of --status: they are stopped
    await over;
    expect(text()).toBe('ready\nstopped stopped\nstopped\n');
  });
});
