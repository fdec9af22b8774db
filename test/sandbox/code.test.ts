import { existsSync } from 'node:fs';
import { allowAll, createGuard, type Guard } from '@guardstile/core';
import { codeSandbox, type CodeSandbox, type CodeSandboxOptions } from '@guardstile/sandbox';
import { afterAll, describe, expect, it } from 'vitest';
import { itWhere } from '../faults/it-where.ts';
import { allGone, ending, uniqueMarker } from './support/calls.ts';
import { containing, matching } from './support/texts.ts';
import { hasOs, itWithOs } from './support/where.ts';

const open: Array<{ close?(): unknown }> = [];
afterAll(async () => {
  for (const each of open) await each.close?.();
});

function sandbox(options: CodeSandboxOptions): CodeSandbox {
  const made = codeSandbox({ timeoutMs: 20_000, ...options });
  open.push(made);
  return made;
}

const PRINTED = { stdout: '', stderr: '', files: [] };

describe.each(['child', 'os'] as const)('JavaScript in QuickJS, isolation %s', (isolation) => {
  const itThere = isolation === 'os' ? itWithOs : it;
  const js = sandbox({ language: 'javascript', isolation, memoryMb: 64 });

  itThere('returns its value, what it printed and the files it wrote', async () => {
    const code = `
      console.log('read', readFile('in.txt'), { a: [1] });
      console.error(new TypeError('shown'));
      writeFile('out.txt', 'written');
      Promise.resolve({ listed: listFiles() });`;
    expect(await js.execute(code, { files: { 'in.txt': 'text' } })).toEqual({
      outcome: 'value',
      result: { listed: ['in.txt', 'out.txt'] },
      stdout: 'read text {"a":[1]}\n',
      stderr: 'TypeError: shown\n',
      files: [{ name: 'out.txt', text: 'written' }],
    });
  });

  itThere('proves with code of its own that nothing of the host is there', async () => {
    expect(await js.check()).toEqual({ ok: true, guarantees: js.guarantees });
  });

  itThere('starts from nothing each time', async () => {
    expect(await js.execute('globalThis.left = 1; Array.prototype.left = 1')).toHaveProperty(
      'result',
      1,
    );
    expect(await js.execute('typeof left + [].left')).toHaveProperty(
      'result',
      'undefinedundefined',
    );
  });
});

describe('JavaScript in QuickJS', () => {
  const js = sandbox({ language: 'javascript', memoryMb: 64 });
  const brief = sandbox({ language: 'javascript', memoryMb: 64, timeoutMs: 500 });

  it.each([
    ['throw new RangeError("too far")', { name: 'RangeError', message: 'too far' }],
    ['throw "text"', { name: 'Error', message: 'it threw text' }],
    ['Promise.reject(new TypeError("later"))', { name: 'TypeError', message: 'later' }],
    ['new Promise(() => {})', { name: 'Error', message: 'its promise never settles' }],
    ['let a = ;', { name: 'SyntaxError', message: matching(/./) }],
    ['process.exit(1)', { name: 'ReferenceError', message: containing('process') }],
    ['const f = () => f() + 1; f()', { name: 'InternalError', message: 'stack overflow' }],
  ])('%s is an error of the code', async (code, error) => {
    expect(await js.execute(code)).toEqual({ outcome: 'error', error, ...PRINTED });
  });

  it.each([
    ['objects', 'const a = []; for (;;) a.push(new Array(1000).fill({}))'],
    ['buffers', 'const a = []; for (;;) a.push(new Uint8Array(1_000_000).fill(1))'],
    ['text', 'let s = "x"; for (;;) s += s'],
  ])('that hoards %s runs out of memory', async (_name, code) => {
    const result = await js.execute(code);
    // A text has an end of its own before that of the memory.
    expect(['memory', 'error']).toContain(result.outcome);
    expect(JSON.stringify(result)).toMatch(/out of memory|string too long|invalid string length/i);
  });

  it.each([
    ['for (;;);'],
    ['/^(a+)+$/.test("a".repeat(60) + "b")'],
    ['(async () => { for (;;) await 0; })()'],
    ['const x = []; x.length = 1e4; for (;;) x.fill(0).sort()'],
    ['let n = 3n ** 100_000n; for (;;) { n * n }'],
  ])('that does not end is ended: %s', async (code) => {
    expect(await brief.execute(code)).toMatchObject({ outcome: 'timeout' });
  });

  it.each([
    ['for (;;) console.log("x".repeat(1000))'],
    ['"x".repeat(2_000_000)'],
    ['for (let i = 0; ; i++) writeFile("f" + i, "x".repeat(10_000))'],
  ])('that puts out too much is stopped: %s', async (code) => {
    const result = await js.execute(code);
    expect(result.outcome).toBe('output');
    expect(JSON.stringify(result).length).toBeLessThan(2_300_000);
  });

  it('is refused before anything runs', async () => {
    expect(await js.execute('import "fs"')).toEqual({
      outcome: 'refused',
      reason: 'line 1: forbidden import: fs (no module may be imported)',
      ...PRINTED,
    });
  });

  it('finds no way to the host through what it is given', async () => {
    const code = `
      const found = [];
      const seen = new Set();
      const walk = (value, path) => {
        if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value)) return;
        seen.add(value);
        for (const key of Reflect.ownKeys(value)) {
          if (/process|require|fetch|WebAssembly|Buffer|Deno|mainModule|binding/.test(String(key)) && !/^ArrayBuffer|^SharedArrayBuffer|^buffer$/i.test(String(key))) found.push(path + String(key));
          try { walk(value[key], path + String(key) + '.'); } catch {}
        }
        walk(Object.getPrototypeOf(value), path + '__proto__.');
      };
      walk(globalThis, '');
      walk(console.log, 'log.');
      found;`;
    expect(await js.execute(code)).toMatchObject({ outcome: 'value', result: [] });
  });

  it('is ended when it is aborted', async () => {
    const controller = new AbortController();
    const running = js.execute('for (;;);', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });

  it('gets no file outside its own', async () => {
    for (const name of ['../x', '/etc/passwd', 'a/../../x', '']) {
      await expect(js.execute('1', { files: { [name]: '' } })).rejects.toMatchObject({
        code: 'sandbox_refused',
      });
    }
  });
});

const itWithPython = itWhere(hasOs && existsSync('/usr/bin/python3'), 'OS isolation and python3');

describe('Python', () => {
  const python = sandbox({ language: 'python' });

  itWithPython('returns its value, what it printed and the files it wrote', async () => {
    const code =
      'import math, json\nprint(f"Pi = {math.pi:.10f}")\nopen("out.txt", "w").write(open("in.txt").read())\nopen("raw", "wb").write(bytes([255]))\n{"root": math.sqrt(4)}';
    expect(await python.execute(code, { files: { 'in.txt': 'text' } })).toEqual({
      outcome: 'value',
      result: { root: 2 },
      stdout: 'Pi = 3.1415926536\n',
      stderr: '',
      files: [
        { name: 'out.txt', text: 'text' },
        { name: 'raw', base64: '/w==' },
      ],
    });
  });

  itWithPython('fails with its own traceback', async () => {
    const result = await python.execute('x = 1\nx / 0');
    expect(result).toMatchObject({
      outcome: 'error',
      error: { name: 'ZeroDivisionError', message: 'division by zero' },
      stderr: containing('line 2'),
    });
  });

  itWithPython('is refused where it imports what it may not', async () => {
    const refused = await python.execute('import os\nos.system("rm -rf /")');
    expect(refused).toMatchObject({
      outcome: 'refused',
      reason: containing('forbidden import: os'),
    });
  });

  itWithPython('that tricks the check still reaches nothing', async () => {
    const code = `
import json
os = json.codecs.sys.modules['os']
found = []
for path in ['/etc/passwd', '/root', '/home', '/proc/1/environ', '${process.cwd()}/package.json']:
    try:
        found.append(repr(os.listdir(path) if os.path.isdir(path) else open(path).read()))
    except Exception:
        pass
print(os.getuid())
found`;
    const { outcome, result, stdout } = (await python.execute(code)) as {
      outcome: string;
      result: string[];
      stdout: string;
    };
    expect({ outcome, stdout }).toEqual({ outcome: 'value', stdout: '65534\n' });
    // The first process of its namespace is bubblewrap, started with an empty environment.
    expect(result.join('')).not.toMatch(/root:x:|HOME=|guardstile-workspace/);
  });

  itWithPython('that hoards memory runs out of it', async () => {
    expect(await python.execute('x = bytearray(10 ** 9)')).toMatchObject({ outcome: 'memory' });
  });

  itWithPython('that does not end, or prints without end, is stopped', async () => {
    const brief = sandbox({ language: 'python', timeoutMs: 1000 });
    expect(await brief.execute('while True: pass')).toMatchObject({ outcome: 'timeout' });
    expect(await python.execute('while True: print("x" * 1000)')).toMatchObject({
      outcome: 'output',
    });
  });

  it('runs under OS isolation only', () => {
    expect(() => codeSandbox({ language: 'python', isolation: 'child' })).toThrow(
      /leave isolation out/,
    );
    expect(() => codeSandbox({ language: 'shell', isolation: 'child' })).toThrow(
      /leave isolation out/,
    );
  });

  it('is not there without an interpreter', () => {
    expect(() => codeSandbox({ language: 'python', interpreter: '/nowhere/python' })).toThrow(
      /there is no interpreter/,
    );
    expect(() => codeSandbox({ language: 'javascript', interpreter: '/bin/sh' })).toThrow(
      /leave interpreter out/,
    );
  });
});

describe('shell', () => {
  const shell = sandbox({ language: 'shell' });

  itWithOs('returns what it printed, its files, and its exit code as an error', async () => {
    expect(await shell.execute('echo hi; echo no >&2; echo x > f')).toEqual({
      outcome: 'value',
      stdout: 'hi\n',
      stderr: 'no\n',
      files: [{ name: 'f', text: 'x\n' }],
    });
    expect(await shell.execute('exit 3')).toMatchObject({
      outcome: 'error',
      error: { message: 'exit code 3' },
    });
  });

  itWithOs('leaves nothing running', async () => {
    const seconds = 100_000 + Math.floor(Math.random() * 100_000);
    expect(await shell.execute(`setsid sleep ${seconds} & echo started`)).toMatchObject({
      outcome: 'value',
      stdout: 'started\n',
    });
    expect(await allGone(String(seconds))).toBe(true);
  });

  itWithOs('does not multiply', async () => {
    const seconds = 200_000 + Math.floor(Math.random() * 100_000);
    const result = await shell.execute(`while :; do setsid sleep ${seconds} & done`);
    expect(result).toMatchObject({
      outcome: 'crashed',
      reason: containing('processes at once'),
    });
    expect(await allGone(String(seconds))).toBe(true);
  });

  itWithOs('returns links as nothing, and what is there is its own', async () => {
    const result = await shell.execute(
      `ln -s /etc/ld.so.cache link; mkfifo pipe; echo ${uniqueMarker()} > /usr/x; touch /x /dev/x; ls /tmp`,
    );
    expect(result).toMatchObject({ files: [] });
    expect(result.stderr.match(/Read-only file system/g)).toHaveLength(3);
  });

  itWithOs('has no more room than its own /tmp', async () => {
    const small = sandbox({ language: 'shell', tmpMb: 4 });
    const result = await small.execute(
      'head -c 3000000 /dev/zero > a; head -c 3000000 /dev/zero > b; head -c 9000000 /dev/zero > /dev/shm/c',
    );
    expect(result).toMatchObject({
      stderr: matching(/No space left|File (size|too large)/i),
    });
  });
});

describe('as the sandbox of a guard', () => {
  const js = codeSandbox({ language: 'javascript', tools: ['runCode'] });
  const guard: Guard = createGuard({ policy: allowAll(), sandbox: js });
  open.push(guard);

  it('runs the code of its tools instead of their bodies', async () => {
    expect(await ending(guard, 'runCode', { code: '6 * 7' })).toMatchObject({
      value: { outcome: 'value', result: 42 },
    });
    expect(await ending(guard, 'other')).toEqual({ value: 'ran in this process' });
  });

  it('refuses code before anybody decides, and other arguments too', async () => {
    expect(await ending(guard, 'runCode', { code: 'eval("1")' })).toMatchObject({
      code: 'sandbox_refused',
      message: containing('line 1: forbidden call: eval()'),
    });
    expect(await ending(guard, 'runCode', { code: 5 })).toMatchObject({ code: 'sandbox_refused' });
  });

  it('guarantees what it does for its tools and nothing for others', async () => {
    const requires = { files: 'interpreter', network: 'interpreter' } as const;
    const call = (tool: string) => guard.call({ tool, args: { code: '1' }, requires }, () => 1);
    expect(await call('runCode')).toMatchObject({ result: 1 });
    await expect(call('other')).rejects.toMatchObject({ code: 'sandbox_unavailable' });
  });

  it.each([
    ['const a = []; for (;;) a.push(new Uint8Array(1_000_000))', 'sandbox_memory'],
    ['for (;;) console.log("x".repeat(9999))', 'sandbox_output'],
  ])('fails the call where code was stopped: %s', async (code, expected) => {
    expect(await ending(guard, 'runCode', { code })).toMatchObject({ code: expected });
  });
});
