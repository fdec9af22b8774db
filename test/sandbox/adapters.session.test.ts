import {
  constants,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGuard, type GuardOptions, memoryAudit, withGuard } from '@guardstile/ai-sdk';
import { sandboxSession, workspaceSandbox } from '@guardstile/ai-sdk/sandbox';
import { type Experimental_SandboxSession, generateText, isStepCount, tool } from 'ai';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import * as z from 'zod';

import { scriptedModel, type ScriptedTurn } from '../../examples/src/support/scripted-model.ts';

/** A directory with a file, a link to the outside, and a policy that nothing inside may change. */
function makeRoot(): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'guardstile-session-')));
  writeFileSync(join(root, 'notes.txt'), 'one\ntwo\nthree\n');
  writeFileSync(join(root, 'policy.yaml'), 'rules: []');
  symlinkSync('/etc/passwd', join(root, 'link'));
  made.push(root);
  return root;
}

const made: string[] = [];
afterAll(() => made.forEach((root) => rmSync(root, { recursive: true, force: true })));

const text = (bytes: Uint8Array | null): string => new TextDecoder().decode(bytes ?? undefined);

async function textIn(stream: ReadableStream<Uint8Array> | null): Promise<string> {
  return new Response(stream).text();
}

describe("a workspace as the SDK's own sandbox session", () => {
  const root = makeRoot();
  const sandbox = workspaceSandbox({ root, read: [join(root, 'policy.yaml')], timeoutMs: 20_000 });
  // That it is one, by the types of the SDK, with every overload.
  const session: Experimental_SandboxSession = sandboxSession(sandbox.open());

  beforeAll(async () => expect(await sandbox.check()).toMatchObject({ ok: true }));
  afterAll(async () => sandbox.close?.());

  it('runs commands that start in its root, with the directory and variables that it is told', async () => {
    expect(await session.run({ command: 'pwd; cat notes.txt | wc -l' })).toEqual({
      exitCode: 0,
      stdout: `${root}\n3\n`,
      stderr: '',
    });
    const command = 'pwd; echo "$NAME"; echo oh >&2; exit 3';
    const env = { NAME: 'value' };
    expect(await session.run({ command, workingDirectory: '/tmp', env })).toEqual({
      exitCode: 3,
      stdout: '/tmp\nvalue\n',
      stderr: 'oh\n',
    });
    expect((await session.run({ command: 'kill -9 $$' })).exitCode).toBe(137);
  });

  it('has no other file, no network, no variable of the application, and changes no policy', async () => {
    process.env['GUARDSTILE_SESSION_SECRET'] = 'hidden';
    onTestFinished(() => void delete process.env['GUARDSTILE_SESSION_SECRET']);
    const command = `cat /etc/passwd link; env; echo > policy.yaml; rm -f policy.yaml; cat /proc/net/dev`;
    const { stdout, stderr } = await session.run({ command });
    expect(stdout).not.toMatch(/root:|hidden/);
    expect(stdout).not.toMatch(/eth0|ens\d/);
    expect(stderr).toMatch(/passwd: No such file/);
    expect(readFileSync(join(root, 'policy.yaml'), 'utf8')).toBe('rules: []');
  });

  it('ends with a command what that left running, and says where it printed too much', async () => {
    const held = `mkfifo held; setsid sh -c 'exec 3<>held; touch ready; sleep 1000' &`;
    const command = `${held} while [ ! -e ready ]; do sleep 0.01; done; echo ok`;
    expect((await session.run({ command })).stdout).toBe('ok\n');
    const nobodyReads = () =>
      openSync(join(root, 'held'), constants.O_WRONLY | constants.O_NONBLOCK);
    await vi.waitFor(() => expect(nobodyReads).toThrow(/ENXIO/), { timeout: 20_000 });
    const flood = await session.run({
      command: 'head -c 3000000 /dev/zero | tr "\\0" x; echo end',
    });
    expect(flood.exitCode).toBe(0);
    expect(flood.stdout.length).toBe(1_048_576);
    expect(flood.stderr).toContain('printed more than fits');
  });

  it('tells what really came of a command that would like to tell it itself', async () => {
    const lie = `'{"value":{"exitCode":0,"stdout":"lie","stderr":"","truncated":false}}'`;
    const ways = ['>&3', '> /proc/$PPID/fd/3', '> /proc/1/fd/3', '>> /proc/$PPID/fd/1'];
    const command = `${ways.map((way) => `(echo ${lie} ${way})`).join('; ')}; exit 7`;
    expect(await session.run({ command })).toMatchObject({ exitCode: 7, stdout: '' });
  });

  it('spawns a command, whose output, exit code and end can be waited for', async () => {
    const process = await session.spawn({ command: 'echo out; echo err >&2; exit 4' });
    expect(await process.wait()).toEqual({ exitCode: 4 });
    expect([await textIn(process.stdout), await textIn(process.stderr)]).toEqual([
      'out\n',
      'err\n',
    ]);
    const endless = await session.spawn({ command: 'sleep 1000' });
    await endless.kill();
    await endless.kill();
    expect(await endless.wait()).toEqual({ exitCode: 137 });
    const controller = new AbortController();
    const aborted = await session.spawn({ command: 'sleep 1000', abortSignal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(aborted.wait()).rejects.toThrow('enough');
    await expect(textIn(aborted.stdout)).rejects.toThrow('enough');
    await expect(session.spawn({ command: 'cat', stdin: true })).rejects.toMatchObject({
      code: 'sandbox_refused',
    });
  });

  it('kills a command that is aborted, with the reason, and one whose time is over', async () => {
    const abortSignal = AbortSignal.timeout(200);
    const run = session.run({ command: 'sleep 1000', abortSignal });
    await expect(run).rejects.toBe(await reasonOf(abortSignal));
    const short = workspaceSandbox({ root, timeoutMs: 1000, spares: 0 });
    onTestFinished(async () => short.close?.());
    const late = sandboxSession(short.open()).run({ command: 'sleep 1000' });
    await expect(late).rejects.toMatchObject({ code: 'timeout' });
  });

  it('reads, writes, lists and deletes files as the SDK says it', async () => {
    const bytes = new Uint8Array([0, 255, 10, 128]);
    await session.writeBinaryFile({ path: 'a/b/bytes.bin', content: bytes });
    expect(await session.readBinaryFile({ path: `${root}/a/b/bytes.bin` })).toEqual(bytes);
    const content = new Blob(['stre', 'amed']).stream();
    await session.writeFile({ path: 'a/streamed.txt', content });
    expect(await textIn(await session.readFile({ path: 'a/streamed.txt' }))).toBe('streamed');
    await session.writeTextFile({ path: 'latin.txt', content: 'é', encoding: 'latin1' });
    expect(await session.readBinaryFile({ path: 'latin.txt' })).toEqual(new Uint8Array([0xe9]));
    expect(await session.readTextFile({ path: 'latin.txt', encoding: 'latin1' })).toBe('é');
    const path = 'notes.txt';
    expect(await session.readTextFile({ path, startLine: 2, endLine: 2 })).toBe('two');
    expect(await session.readTextFile({ path, startLine: 2, endLine: 99 })).toBe('two\nthree\n');
    expect(await session.stat({ path: 'a' })).toMatchObject({ type: 'directory' });
    expect(await session.stat({ path })).toEqual({ type: 'file', size: 14 });
    const entries = await session.listDirectory({ path: '.' });
    expect(entries).toContainEqual({ name: 'link', type: 'symlink' });
    expect(entries).toContainEqual({ name: 'a', type: 'directory' });
    expect(await session.deleteFile({ path: 'latin.txt' })).toBe(true);
    expect(await session.deleteFile({ path: 'latin.txt' })).toBe(false);
    expect(await session.deleteFile({ path: 'link' })).toBe(true);
    symlinkSync('/etc/passwd', join(root, 'link'));
  });

  it('answers null for what is not there, and rejects what is of another kind', async () => {
    for (const path of ['nothing', 'notes.txt/below', '/etc/passwd', 'link']) {
      expect(await session.readFile({ path })).toBeNull();
      expect(await session.readTextFile({ path })).toBeNull();
      expect(await session.stat({ path })).toBeNull();
    }
    expect(await session.listDirectory({ path: 'nothing' })).toBeNull();
    await expect(session.listDirectory({ path: 'notes.txt' })).rejects.toThrow(/ENOTDIR/);
    await expect(session.readTextFile({ path: '.' })).rejects.toThrow(/EISDIR/);
    await expect(session.deleteFile({ path: 'a' })).rejects.toThrow(/EISDIR/);
    await expect(session.writeTextFile({ path: '.', content: '' })).rejects.toThrow(/EISDIR/);
    await expect(session.writeTextFile({ path: 'policy.yaml', content: '' })).rejects.toThrow(
      /EROFS/,
    );
    await Promise.allSettled([session.writeTextFile({ path: 'link', content: 'x' })]);
    await session.run({ command: 'mkfifo pipe' });
    await expect(session.readTextFile({ path: 'pipe' })).rejects.toThrow(/EINVAL/);
    const small = workspaceSandbox({ root, maxFileBytes: 8, spares: 0 });
    onTestFinished(async () => small.close?.());
    const tooLarge = sandboxSession(small.open()).readTextFile({ path: 'notes.txt' });
    await expect(tooLarge).rejects.toThrow(/EFBIG/);
    expect(readFileSync('/etc/passwd', 'utf8')).toContain('root:');
  });

  it('refuses a root that is not there, and one that is everything', () => {
    for (const missing of [join(root, 'missing'), join(root, 'notes.txt'), '']) {
      expect(() => workspaceSandbox({ root: missing })).toThrow(/create it first/);
    }
    expect(() => workspaceSandbox({ root: '/' })).toThrow(/whole file system/);
    expect(() => workspaceSandbox({ root, read: [join(root, 'missing')] })).toThrow(
      /read: there is no/,
    );
    expect(() => workspaceSandbox({ root, maxFileBytes: 0 })).toThrow(/maxFileBytes/);
  });
});

async function reasonOf(signal: AbortSignal): Promise<unknown> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
  return signal.reason;
}

describe('a session behind a guard', () => {
  const said: ScriptedTurn = (results) => results.map(({ text: line }) => line).join('\n');

  /** The SDK's own way: a tool that delegates to the session. */
  const bash = tool({
    inputSchema: z.object({ command: z.string() }),
    execute: async ({ command }, { experimental_sandbox: session, abortSignal }) => {
      if (session === undefined) throw new Error('there is no sandbox');
      const { stdout, stderr } = await session.run({ command, abortSignal });
      return stdout + stderr;
    },
  });

  function world(policy: GuardOptions['policy']) {
    const sandbox = workspaceSandbox({ root: makeRoot() });
    const audit = memoryAudit();
    const guard = createGuard({ policy, sandbox, audit });
    onTestFinished(() => guard.close());
    return { guard, audit, sandbox, session: sandboxSession(sandbox.open(guard)) };
  }

  it('has every operation of a tool decided, logged and confined', async () => {
    const { guard, session, audit } = world(({ tool: { source }, args }) =>
      source === 'workspace' && JSON.stringify(args).includes('rm ') ? 'deny' : 'allow',
    );
    const { text: answer } = await generateText({
      model: scriptedModel([
        { tool: 'bash', args: { command: 'head -1 notes.txt; cat /etc/passwd' } },
        { tool: 'bash', args: { command: 'rm notes.txt' } },
        said,
      ]),
      tools: withGuard({ bash }, guard),
      prompt: 'go',
      stopWhen: isStepCount(5),
      experimental_sandbox: session,
    });
    expect(answer).toMatch(/^one\ncat: \/etc\/passwd: No such file/);
    expect(answer).toContain('denied');
    expect(await session.readTextFile({ path: 'notes.txt' })).toBe('one\ntwo\nthree\n');
    const decisions = (await audit.query({})).filter(({ kind }) => kind === 'decision');
    expect(decisions.map((entry) => `${entry.source}:${entry.tool} ${entry.action}`)).toEqual([
      'app:bash tool.allow',
      'workspace:runCommand tool.allow',
      'app:bash tool.allow',
      'workspace:runCommand tool.deny',
      'workspace:readFile tool.allow',
    ]);
    expect(decisions[1]?.args).toEqual({ command: 'head -1 notes.txt; cat /etc/passwd' });
  });

  it('refuses every operation that the policy denies, and loses nothing then', async () => {
    const { session, sandbox } = world(({ facts }) =>
      facts.effect === 'readOnly' ? 'allow' : 'deny',
    );
    const denied = { code: 'denied' };
    await expect(session.run({ command: 'true' })).rejects.toMatchObject(denied);
    await expect((await session.spawn({ command: 'true' })).wait()).rejects.toMatchObject(denied);
    await expect(session.writeTextFile({ path: 'x', content: '' })).rejects.toMatchObject(denied);
    await expect(session.deleteFile({ path: 'notes.txt' })).rejects.toMatchObject(denied);
    expect(await session.readTextFile({ path: 'notes.txt' })).toBe('one\ntwo\nthree\n');
    expect(text(await sandbox.open().readFile('notes.txt'))).toBe('one\ntwo\nthree\n');
    expect(await session.stat({ path: 'x' })).toBeNull();
  });

  it('does not run where the guard has another sandbox, or none', async () => {
    const { sandbox } = world(() => 'allow');
    const other = createGuard({ policy: () => 'allow' });
    onTestFinished(() => other.close());
    const run = sandboxSession(sandbox.open(other)).run({ command: 'true' });
    await expect(run).rejects.toMatchObject({ code: 'sandbox_unavailable' });
  });
});
