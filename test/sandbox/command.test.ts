import { isGuardError } from '@guardstile/core';
import { commandSandbox, type CommandSandboxOptions } from '@guardstile/sandbox';
import { describe, expect, it } from 'vitest';

import { confined } from './confined.ts';

const REFUSED: unknown = expect.stringContaining('the sandbox "command" refuses the arguments');

const sandbox = commandSandbox({
  allow: [['ls', '**'], ['git', 'log', '**'], ['pwd'], 'make all'],
});

describe('a command in the arguments', () => {
  it('reaches the tool unchanged where it is allowed', async () => {
    for (const args of [
      { command: 'ls -la | ls && git log --oneline; pwd' },
      { cmd: 'make all' },
      { command: ['git', 'log', '-p; not a shell'] },
      { command: 'git', args: ['log', '-n', '5'] },
      { command: 'pwd', args: [] },
      { command: 'pwd', args: null },
      { command: 'git', args: 'log -n 5' },
      { commands: ['ls', 'git log'] },
      { steps: [{ shellCommand: 'ls' }, { bash: 'pwd' }] },
      { text: 'rm -rf /' },
      { command: null },
    ]) {
      expect(await confined(sandbox, args)).toEqual(args);
    }
  });

  it('is refused where it is not, or is not understood', async () => {
    for (const args of [
      { command: 'rm -rf /' },
      { command: 'ls; rm -rf /' },
      { command: 'ls $(rm -rf /)' },
      { command: 'git push' },
      { command: 'pwd -P' },
      { command: 'make all; ls' },
      { command: '' },
      { command: ['rm', '-rf', '/'] },
      { command: ['ls', 7] },
      { command: [] },
      { command: [['ls']] },
      { command: '/bin/ls' },
      { command: 'git', args: ['push'] },
      { command: 'git', args: 'log; rm -rf /' },
      { command: 'pwd', args: ['-P'] },
      { command: 'pwd', args: { 0: '-P' } },
      { commands: ['ls', 'rm -rf /'] },
      { steps: [{ shellCommand: 'ls' }, { bash: 'rm' }] },
    ]) {
      expect([args, await confined(sandbox, args)]).toEqual([args, REFUSED]);
    }
  });

  it('can be declared, or declared to be none', async () => {
    const declared = commandSandbox({
      allow: [['ls', '**']],
      commandArgs: { tool: { line: true, command: false } },
    });
    const fine = { line: 'ls', command: 'str_replace' };
    expect(await confined(declared, fine)).toEqual(fine);
    expect(await confined(declared, { line: 'rm' })).toEqual(REFUSED);
    expect(await confined(declared, { line: 7 })).toEqual(REFUSED);
    const off = commandSandbox({ allow: [], autoDetect: false });
    expect(await confined(off, { command: 'rm' })).toEqual({ command: 'rm' });
  });

  it('is none at all where the list is empty', async () => {
    expect(await confined(commandSandbox({ allow: [] }), { command: 'ls' })).toEqual(REFUSED);
  });
});

describe('the sandbox', () => {
  it('guarantees the arguments and nothing more', () => {
    expect(sandbox.check()).toEqual({ ok: true, guarantees: sandbox.guarantees });
    expect(Object.entries(sandbox.guarantees).filter(([, level]) => level !== 'none')).toEqual([
      ['processes', 'args'],
    ]);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no list', { allow: 'ls' }],
    ['a pattern of any program', { allow: [['*']] }],
    ['a pattern that is none', { allow: [7] }],
    ['a misspelt option', { allow: [], deny: [] }],
    ['an unknown declaration', { allow: [], commandArgs: { tool: { command: 'exec' } } }],
  ])('that is made with %s is refused', (_name, options) => {
    try {
      commandSandbox(options as CommandSandboxOptions);
    } catch (error) {
      expect(isGuardError(error) && error.code).toBe('options_invalid');
      return;
    }
    expect.unreachable();
  });
});
