import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';

import {
  allowAll,
  createGuard,
  isGuardError,
  memoryAudit,
  standardPolicy,
  type ToolCall,
} from '@guardstile/core';
import { filesystemSandbox, type FilesystemSandboxOptions } from '@guardstile/sandbox';
import { describe, expect, it } from 'vitest';

import { confined } from './confined.ts';
import { makeWorkspace, type Workspace } from './workspace.ts';

type Options = Partial<FilesystemSandboxOptions>;

function within({ root }: Workspace, options: Options = {}): ReturnType<typeof filesystemSandbox> {
  return filesystemSandbox({ roots: [root], ...options });
}

const REFUSED: unknown = expect.stringContaining('the sandbox "filesystem" refuses the arguments');

function codeOf(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (isGuardError(error)) return error.code;
    throw error;
  }
  return 'none';
}

describe('a path in the arguments', () => {
  it('is resolved, and the tool receives that and nothing else', async () => {
    const place = makeWorkspace();
    const table: ReadonlyArray<readonly [string, string]> = [
      ['a.txt', 'a.txt'],
      ['./sub//b.txt', 'sub/b.txt'],
      ['sub/../a.txt', 'a.txt'],
      ['in/b.txt', 'sub/b.txt'],
      ['', ''],
      ['.', ''],
      ['new/deep/file.txt', 'new/deep/file.txt'],
      ['100% sure.txt', '100% sure.txt'],
      ['Grüße/日本.txt', 'Grüße/日本.txt'],
      ['...', '...'],
      [place.path('a.txt'), 'a.txt'],
      [`/proc/self/root${place.path('a.txt')}`, 'a.txt'],
      [`../${relative(place.top, place.root)}/a.txt`, 'a.txt'],
    ];
    for (const [given, expected] of table) {
      const path = expected === '' ? place.root : place.path(expected);
      expect([given, await confined(within(place), { path: given })]).toEqual([given, { path }]);
    }
  });

  it('is refused where it leads out, however it is written', async () => {
    const place = makeWorkspace();
    const { top, root } = place;
    for (const path of [
      '../secret.txt',
      'sub/../../secret.txt',
      'in/../../secret.txt',
      join(top, 'secret.txt'),
      `${root}-beside/x`,
      '/',
      'out-file',
      'out-dir/c.txt',
      'out-dir',
      'out-dir/new.txt',
      'dangling',
      'loop',
      'a.txt/x',
      'new/../../secret.txt',
      `/proc/self/root${top}/secret.txt`,
      '/proc/self/environ',
      '/proc/self/fd/0',
      '/dev/stdin',
      '/dev/fd/0',
    ]) {
      expect([path, await confined(within(place), { path })]).toEqual([path, REFUSED]);
    }
  });

  it('is refused where not everybody reads it alike', async () => {
    const place = makeWorkspace();
    for (const path of [
      'a.txt\0.png',
      'a\ntxt',
      '\ud800.txt',
      '~/a.txt',
      '~root/a.txt',
      'sub\\..\\..\\secret.txt',
      'C:\\secret.txt',
      'C:/secret.txt',
      '\\\\server\\share\\x',
      '\\\\?\\C:\\x',
      '\\\\.\\pipe\\x',
      '%2e%2e/secret.txt',
      '..%2fsecret.txt',
      '%252e%252e%252fsecret.txt',
      '%c0%ae%c0%ae/secret.txt',
      '..%c0%afsecret.txt',
      '%e0%80%ae%e0%80%ae/secret.txt',
      '%u002e%u002e/secret.txt',
      'a.txt%00.png',
      '．．/secret.txt',
      'sub／..／..／secret.txt',
      '‥/secret.txt',
      'x'.repeat(5000),
    ]) {
      expect([path, await confined(within(place), { path })]).toEqual([path, REFUSED]);
    }
  });

  it('may be a file: URL, and stays one', async () => {
    const place = makeWorkspace();
    const url = pathToFileURL(place.path('a.txt'));
    const through = pathToFileURL(place.path('in', 'b.txt'));
    const real = pathToFileURL(place.path('sub', 'b.txt'));
    expect(await confined(within(place), { file: url.href })).toEqual({ file: url.href });
    expect(await confined(within(place), { where: through })).toEqual({ where: real });
    expect(await confined(within(place), { where: through.href })).toEqual({ where: real.href });
    for (const where of [
      pathToFileURL(join(place.top, 'secret.txt')).href,
      pathToFileURL(join(place.top, 'secret.txt')),
      pathToFileURL(place.path('out-file')),
      `${pathToFileURL(place.root).href}/%2e%2e/secret.txt`,
      `${pathToFileURL(place.root).href}/..%2fsecret.txt`,
      `file://server${place.path('a.txt')}`,
      `${url.href}?x`,
      'FILE:///etc/passwd',
      'file:/etc/passwd',
    ]) {
      expect([where, await confined(within(place), { where })]).toEqual([where, REFUSED]);
    }
  });

  it('is found nested, in lists, maps, sets and as the name of a field', async () => {
    const place = makeWorkspace();
    const a = place.path('a.txt');
    const b = place.path('sub', 'b.txt');
    const given = {
      edits: [{ filePath: 'a.txt', text: 'x' }, { file_path: 'in/b.txt' }],
      paths: ['a.txt', ['sub/../a.txt']],
      more: new Map([['path', 'a.txt']]),
      files: new Set(['a.txt', 'in/b.txt']),
      byName: { './sub/b.txt': 'text' },
      count: 3,
      path: null,
    };
    expect(await confined(within(place), given)).toEqual({
      edits: [{ filePath: a, text: 'x' }, { file_path: b }],
      paths: [a, [a]],
      more: new Map([['path', a]]),
      files: new Set([a, b]),
      byName: { [b]: 'text' },
      count: 3,
      path: null,
    });
    for (const args of [
      { edits: [{ filePath: 'a.txt' }, { filePath: '../secret.txt' }] },
      { paths: ['a.txt', ['out-file']] },
      { more: new Map([['path', 'out-file']]) },
      { files: new Set(['out-dir/c.txt']) },
      { byName: { '../secret.txt': 'text' } },
      { byName: { './a.txt': 1, 'sub/../a.txt': 2 } },
      ['../secret.txt'],
      '../secret.txt',
    ]) {
      expect([args, await confined(within(place), args)]).toEqual([args, REFUSED]);
    }
  });

  it('is found by its look in a field that says nothing, and a text that is none is left alone', async () => {
    const place = makeWorkspace();
    for (const text of ['/etc/passwd', '../secret.txt', 'sub/../../x', '~/x', 'file:///etc/passwd'])
      expect([text, await confined(within(place), { input: text })]).toEqual([text, REFUSED]);
    for (const text of [
      'hello',
      'a/b',
      'text/html',
      'https://example.com/a',
      'wait...',
      '1/2',
      'first line\n../second',
    ]) {
      expect(await confined(within(place), { input: text })).toEqual({ input: text });
    }
  });

  it('comes out the same when it is confined again', async () => {
    const place = makeWorkspace();
    const sandbox = within(place);
    const args = {
      path: 'in/../a.txt',
      url: pathToFileURL(place.path('in')),
      files: ['./sub/b.txt'],
    };
    const once = await confined(sandbox, args);
    expect(await confined(sandbox, once)).toEqual(once);
    expect(await confined([sandbox, within(place)], args)).toEqual(once);
  });

  it('that is approved while a link changes does not run elsewhere', async () => {
    const place = makeWorkspace();
    const audit = memoryAudit();
    const guard = createGuard({
      policy: () => 'ask',
      sandbox: within(place),
      audit,
      approver() {
        rmSync(place.path('in'));
        symlinkSync('.', place.path('in'));
        return 'approve';
      },
    });
    const body = (args: unknown): unknown => args;
    const calling = guard.call({ tool: 'tool', args: { path: 'in/b.txt' } }, body);
    await expect(calling).rejects.toMatchObject({ code: 'approval_invalid' });
  });
});

describe('fields that are declared', () => {
  it('hold paths whatever their names are, in every tool or in one', async () => {
    const place = makeWorkspace();
    const to = { path: place.path('sub', 'b.txt') };
    for (const pathArgs of [['where', 'options.from'], { tool: ['where', 'options.from'] }]) {
      const sandbox = within(place, { pathArgs, autoDetect: false });
      const args = { where: ['in/b.txt'], options: { from: 'in/b.txt' } };
      expect(await confined(sandbox, args)).toEqual({
        where: [to.path],
        options: { from: to.path },
      });
      for (const bad of [{ where: 'out-file' }, { options: { from: 'dangling' } }, { where: 3 }]) {
        expect([bad, await confined(sandbox, bad)]).toEqual([bad, REFUSED]);
      }
    }
    const other = within(place, { pathArgs: { other: ['where'] } });
    expect(await confined(other, { where: 'out-file' })).toEqual({ where: 'out-file' });
  });

  it('do not switch off detection in the others, unless it is switched off', async () => {
    const place = makeWorkspace();
    const both = within(place, { pathArgs: ['where'] });
    expect(await confined(both, { path: 'out-file' })).toEqual(REFUSED);
    expect(await confined(both, { note: '/etc/passwd' })).toEqual(REFUSED);
    const only = within(place, { pathArgs: ['where'], autoDetect: false });
    expect(await confined(only, { path: 'out-file' })).toEqual({ path: 'out-file' });
  });

  it('can be declared to hold none', async () => {
    const place = makeWorkspace();
    const sandbox = within(place, { pathArgs: { tool: { text: false, file: false } } });
    const args = { text: '/* a comment */', file: 'line\nline' };
    expect(await confined(sandbox, args)).toEqual(args);
    expect(await confined(within(place), args)).toEqual(REFUSED);
  });
});

describe('directories that are only read', () => {
  it('are open to tools that state that they read, and to fields that are declared so', async () => {
    const place = makeWorkspace();
    const sandbox = within(place, {
      readOnlyRoots: [join(place.top, 'elsewhere')],
      pathArgs: { tool: { from: 'read', to: 'write' } },
    });
    const path = join(place.top, 'elsewhere', 'c.txt');
    expect(await confined(sandbox, { path }, 'readOnly')).toEqual({ path });
    expect(await confined(sandbox, { path: 'out-dir/c.txt' }, 'readOnly')).toEqual({ path });
    for (const fact of ['edit', 'destructive', 'nonDestructive', 'network'] as const) {
      expect(await confined(sandbox, { path }, fact)).toContain('can only be read');
    }
    const copy = { from: path, to: place.path('copy.txt') };
    expect(await confined(sandbox, copy, 'edit')).toEqual(copy);
    expect(await confined(sandbox, { from: copy.to, to: path }, 'readOnly')).toEqual(REFUSED);
  });

  it('and the others can be read off the sandbox, with their real paths', () => {
    const place = makeWorkspace();
    const elsewhere = join(place.top, 'elsewhere');
    const sandbox = filesystemSandbox({ roots: [place.root], readOnlyRoots: [elsewhere] });
    expect(sandbox.roots).toEqual([place.root, elsewhere]);
    expect(Object.isFrozen(sandbox.roots)).toBe(true);
  });

  it('permit nothing where there is none', async () => {
    expect(await confined(filesystemSandbox({ roots: [] }), { path: 'a.txt' })).toEqual(REFUSED);
  });
});

describe('files that are protected', () => {
  it('are out of reach even inside a root, under every name they have', async () => {
    const place = makeWorkspace();
    writeFileSync(place.path('.env'), 'KEY=1');
    writeFileSync(place.path('.env.local'), 'KEY=2');
    mkdirSync(place.path('audit', 'log'), { recursive: true });
    writeFileSync(place.path('audit', 'log', '1.jsonl'), '{}');
    linkSync(place.path('.env'), place.path('harmless.txt'));
    linkSync(place.path('.env.local'), place.path('harmless-too.txt'));
    linkSync(place.path('audit', 'log', '1.jsonl'), place.path('notes.jsonl'));
    symlinkSync('audit', place.path('logs'));
    const sandbox = within(place, {
      protect: ['.env', 'audit', 'approvals.db', 'keys/k.pem'].map((name) => place.path(name)),
    });
    for (const path of [
      '.env',
      '.ENV',
      'sub/../.env',
      '.env.local',
      '.env.bak',
      'harmless.txt',
      'harmless-too.txt',
      'notes.jsonl',
      'audit',
      'audit/log/1.jsonl',
      'audit/log/new.jsonl',
      'logs/log/1.jsonl',
      'approvals.db',
      'approvals.db-wal',
      'approvals.db-shm',
      'keys/k.pem',
      `file://${place.path('.env')}`,
    ]) {
      for (const fact of ['readOnly', 'edit'] as const) {
        const args = { path };
        expect([path, fact, await confined(sandbox, args, fact)]).toEqual([path, fact, REFUSED]);
      }
    }
    for (const path of ['a.txt', 'environment.txt', '.environment', 'auditor', 'approvals.dbx'])
      expect(await confined(sandbox, { path }, 'edit')).toEqual({ path: place.path(path) });
  });

  it('are not taken along with the directory around them by a tool that writes', async () => {
    const place = makeWorkspace();
    writeFileSync(place.path('sub', 'policy.yaml'), '');
    const sandbox = within(place, {
      protect: [place.path('sub', 'policy.yaml')],
      pathArgs: { tool: { cwd: 'read' } },
    });
    expect(await confined(sandbox, { path: 'sub' }, 'readOnly')).toEqual({
      path: place.path('sub'),
    });
    expect(await confined(sandbox, { path: 'sub' }, 'destructive')).toEqual(REFUSED);
    expect(await confined(sandbox, { path: '.' }, 'destructive')).toEqual(REFUSED);
    expect(await confined(sandbox, { cwd: 'sub' }, 'destructive')).toEqual({
      cwd: place.path('sub'),
    });
  });

  it('are found by their names in fields that nobody took for a path', async () => {
    const place = makeWorkspace();
    writeFileSync(place.path('policy.yaml'), '');
    const sandbox = within(place, { protect: [place.path('policy.yaml')], autoDetect: false });
    for (const input of ['policy.yaml', 'sub/../policy.yaml', place.path('policy.yaml')])
      expect([input, await confined(sandbox, { input })]).toEqual([input, REFUSED]);
    const talk = { input: 'what does policy.yaml say?' };
    expect(await confined(sandbox, talk)).toEqual(talk);
  });

  it('stay protected when they are replaced, and before they exist', async () => {
    const place = makeWorkspace();
    const policy = place.path('policy.yaml');
    const sandbox = within(place, { protect: [policy] });
    expect(await confined(sandbox, { path: 'policy.yaml' }, 'edit')).toEqual(REFUSED);
    writeFileSync(place.path('next'), 'rules: []');
    renameSync(place.path('next'), policy);
    linkSync(policy, place.path('other.txt'));
    expect(await confined(sandbox, { path: 'other.txt' }, 'edit')).toEqual(REFUSED);
  });

  it('are out of reach in every mode, bypassPermissions too', async () => {
    const place = makeWorkspace();
    const policyFile = place.path('policy.yaml');
    writeFileSync(policyFile, 'before');
    for (const mode of ['default', 'acceptEdits', 'bypassPermissions'] as const) {
      const guard = createGuard({
        policy: standardPolicy({ mode, allow: ['write_file'] }),
        facts: { write_file: 'edit' },
        sandbox: within(place, { protect: [policyFile] }),
        approver: () => 'approve',
      });
      const write = ({ path }: { path: string }): void => writeFileSync(path, 'rules: []');
      const calling = guard.call({ tool: 'write_file', args: { path: 'policy.yaml' } }, write);
      await expect(calling).rejects.toMatchObject({ code: 'sandbox_refused' });
      expect(readFileSync(policyFile, 'utf8')).toBe('before');
    }
  });
});

describe('what is there', () => {
  it('has to be a file or a directory: a named pipe would wait forever', async () => {
    const place = makeWorkspace();
    execFileSync('mkfifo', [place.path('pipe')]);
    expect(await confined(within(place), { path: 'pipe' })).toContain('neither a file nor');
  });

  it('is read and written up to a size', async () => {
    const place = makeWorkspace();
    writeFileSync(place.path('large'), 'x'.repeat(101));
    const sandbox = within(place, { maxFileSize: 100 });
    expect(await confined(sandbox, { path: 'large' })).toContain('larger than 100 bytes');
    const path = place.path('new');
    const text = 'é'.repeat(50);
    expect(await confined(sandbox, { path, text }, 'edit')).toEqual({ path, text });
    for (const content of ['é'.repeat(51), new Uint8Array(101), { deep: ['x'.repeat(101)] }]) {
      expect(await confined(sandbox, { path, content }, 'edit')).toContain('more than 100 bytes');
    }
  });
});

describe('a root', () => {
  it('that is missing, a file or a link is said so at once, and what to do', () => {
    const place = makeWorkspace();
    for (const root of [
      place.path('none'),
      place.path('a.txt'),
      place.path('in'),
      '/proc',
      '/dev',
    ]) {
      expect([root, codeOf(() => filesystemSandbox({ roots: [root] }))]).toEqual([
        root,
        'sandbox_unavailable',
      ]);
    }
    expect(() => filesystemSandbox({ roots: [place.path('in')] })).toThrow(
      `name the directory it leads to (${place.path('sub')})`,
    );
  });

  it('that disappears or is replaced refuses everything, and the check says so', async () => {
    const place = makeWorkspace();
    const sandbox = within(place);
    renameSync(place.root, join(place.top, 'moved'));
    expect(await confined(sandbox, { path: 'a.txt' })).toContain('has disappeared');
    expect(await sandbox.check()).toEqual({
      ok: false,
      reason: `the root ${place.root} has disappeared`,
    });
    symlinkSync('elsewhere', place.root);
    expect(await confined(sandbox, { path: 'c.txt' })).toContain('was replaced');
    const guard = createGuard({ policy: allowAll(), sandbox });
    const calling = guard.call({ tool: 'read', args: {}, requires: { files: 'args' } }, () => 1);
    await expect(calling).rejects.toMatchObject({ code: 'sandbox_refused' });
  });

  it.each<[string, unknown]>([
    ['no options', undefined],
    ['no roots', {}],
    ['a text for roots', { roots: '/tmp' }],
    ['an empty root', { roots: [''] }],
    ['a root that is no text', { roots: [3] }],
    ['a misspelt option', { roots: [], protects: [] }],
    ['a size that is none', { roots: [], maxFileSize: -1 }],
    ['a text for protect', { roots: [], protect: '.env' }],
    ['an unknown use', { roots: [], pathArgs: { tool: { path: 'execute' } } }],
    ['fields that are no text', { roots: [], pathArgs: [3] }],
    ['no list of fields', { roots: [], pathArgs: { tool: 'path' } }],
  ])('comes with %s: refused', (_name, options) => {
    expect(codeOf(() => filesystemSandbox(options as FilesystemSandboxOptions))).toBe(
      'options_invalid',
    );
  });
});

describe('the sandbox', () => {
  it('guarantees the arguments and nothing more', async () => {
    const sandbox = within(makeWorkspace());
    const check = await sandbox.check();
    assert(check.ok);
    expect(check.guarantees).toEqual({ ...sandbox.guarantees, files: 'args' });
    expect(Object.values(check.guarantees).filter((level) => level !== 'none')).toEqual(['args']);
  });

  it('takes nothing from a polluted prototype', async () => {
    const place = makeWorkspace();
    const prototype = Object.prototype as Record<string, unknown>;
    prototype['roots'] = ['/'];
    prototype['path'] = '/etc/passwd';
    try {
      expect(codeOf(() => filesystemSandbox({} as FilesystemSandboxOptions))).toBe(
        'options_invalid',
      );
      const call = { confined: { path: 'out-file' }, facts: {}, tool: { name: 'tool' } };
      const sandbox = within(place);
      expect(await sandbox.confine?.(call as ToolCall)).toHaveProperty('refused');
    } finally {
      delete prototype['roots'];
      delete prototype['path'];
    }
  });
});
