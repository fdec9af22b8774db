import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { isGuardError } from '@guardstile/core';
import { openBeneath, type OpenFlags } from '@guardstile/sandbox';
import { describe, expect, it } from 'vitest';

import { makeWorkspace } from './workspace.ts';

async function textOf(root: string, path: string): Promise<string> {
  await using file = await openBeneath(root, path);
  return await file.readFile('utf8');
}

async function failureOf(root: string, path: string, flags?: OpenFlags): Promise<unknown> {
  try {
    await (await openBeneath(root, path, flags)).close();
  } catch (error) {
    return isGuardError(error) ? error.code : (error as NodeJS.ErrnoException).code;
  }
  return 'opened';
}

describe('a file beneath a root', () => {
  it('is opened by its relative path, or an absolute one below the root', async () => {
    const { root, path } = makeWorkspace();
    for (const one of ['a.txt', './a.txt', 'a.txt/', path('a.txt'), `${root}//./a.txt`])
      expect([one, await textOf(root, one)]).toEqual([one, 'inside a']);
    expect(await textOf(root, 'sub/b.txt')).toBe('inside b');
    expect(await textOf(`${root}/sub/..`, 'sub/./b.txt')).toBe('inside b');
    await using directory = await openBeneath(root, '');
    expect((await directory.stat()).isDirectory()).toBe(true);
  });

  it('is created, extended and emptied as the flags say', async () => {
    const { root, path } = makeWorkspace();
    const write = async (flags: OpenFlags, text: string): Promise<string> => {
      await using file = await openBeneath(root, 'sub/new.txt', flags, 0o600);
      await file.writeFile(text);
      return readFileSync(path('sub', 'new.txt'), 'utf8');
    };
    expect(await write('wx', 'one')).toBe('one');
    expect(await write('a', ' two')).toBe('one two');
    expect(await write('w', 'three')).toBe('three');
    expect(await write('r+', 'T')).toBe('Three');
    expect(await failureOf(root, 'sub/new.txt', 'wx')).toBe('EEXIST');
    await using file = await openBeneath(root, 'sub/new.txt');
    expect((await file.stat()).mode & 0o777).toBe(0o600);
  });

  it('is not reached through a link, or by leaving the root, reading or writing', async () => {
    const { root, top } = makeWorkspace();
    const before = readdirSync(top);
    for (const flags of ['r', 'w', 'a', 'wx', 'r+'] as const) {
      for (const path of [
        'out-file',
        'out-dir/c.txt',
        'out-dir/new.txt',
        'dangling',
        'loop',
        'loop/x',
        'in/b.txt',
        '../secret.txt',
        'sub/../../secret.txt',
        'sub/../a.txt',
        join(top, 'secret.txt'),
        '/etc/passwd',
        `${root}-beside`,
        'a.txt/x',
        'a\0.txt',
      ]) {
        const failure = await failureOf(root, path, flags);
        const exists = flags === 'wx' && !path.includes('/') && failure === 'EEXIST';
        expect([path, flags, exists ? 'sandbox_refused' : failure]).toEqual([
          path,
          flags,
          'sandbox_refused',
        ]);
      }
    }
    expect(readdirSync(top)).toEqual(before);
    expect(readFileSync(join(top, 'secret.txt'), 'utf8')).toBe('SECRET');
  });

  it('has to be a file or a directory: a pipe without another end does not hold it up', async () => {
    const { root, path } = makeWorkspace();
    execFileSync('mkfifo', [path('pipe')]);
    expect(await failureOf(root, 'pipe')).toBe('sandbox_refused');
    expect(await failureOf(root, 'pipe', 'r+')).toBe('sandbox_refused');
    expect(await failureOf('/dev', 'null')).toBe('sandbox_refused');
  });

  it('that is missing fails as everywhere, with the path that was meant', async () => {
    const { root, path } = makeWorkspace();
    for (const one of ['none', 'none/x', 'sub/none', path('none')]) {
      await expect(openBeneath(root, one)).rejects.toMatchObject({
        code: 'ENOENT',
        path: one === path('none') ? one : path(one),
        message: expect.not.stringContaining('/proc/') as unknown,
      });
    }
    expect(await failureOf(path('no-root'), 'a.txt')).toBe('ENOENT');
    expect(await failureOf(root, 'a.txt', 'rw' as OpenFlags)).toBe('options_invalid');
    expect(await failureOf('', '/etc/passwd')).toBe('sandbox_refused');
  });

  it('leaves nothing open but itself, however it went', async () => {
    const { root, path } = makeWorkspace();
    symlinkSync('sub', path('sub', 'again'));
    writeFileSync(path('sub', 'x'), '');
    const open = (): number => readdirSync('/proc/self/fd').length;
    await failureOf(root, 'sub/b.txt');
    const before = open();
    for (const one of ['sub/b.txt', 'sub/again/b.txt', 'sub/none', 'sub/x/y/z', 'none/x', '../x']) {
      await failureOf(root, one);
    }
    expect(open()).toBe(before);
  });
});
