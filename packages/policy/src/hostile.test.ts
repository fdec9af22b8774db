import { createGuard } from '@guardstile/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { capabilities } from './capabilities/capabilities.ts';
import { findResources } from './capabilities/resources.ts';
import { wordsOf } from './capabilities/words.ts';
import { definePolicy } from './define-policy.ts';
import type { PolicyDocument } from './document.ts';
import { checkPolicy, compilePolicy } from './rule-policy.ts';
import { shadow } from './shadow.ts';
import { matchesPattern } from './tool-pattern.ts';

const all = { id: 'a', effect: 'allow', tool: 'f' } as const;

/** Ends in time only for what takes no more steps than its input is long, times a small number. */
const LONG = 200_000;

describe('a hostile call', () => {
  const { explain } = capabilities({ grant: 'full', paths: ['/data'], maxFileSize: 10 });
  const verdict = (tool: string, args: object): string => explain({ tool, args }).verdict;

  it('costs nothing with a name of a field that is long and has many values', () => {
    const args = { ['aB'.repeat(LONG)]: Array.from({ length: 5000 }, () => 'x') };
    expect(findResources(args).complete).toBe(false);
    expect(verdict('read_file', { path: '/data/x', ...args })).toBe('deny');
    expect(wordsOf('aB'.repeat(LONG))).toHaveLength(LONG + 1);
  });

  it('cannot hide a path as a URL', () => {
    expect(verdict('read_file', { path: '/data/x', url: 'https://a.b/etc' })).toBe('allow');
    for (const url of ['file:///etc/passwd', 'FILE:/etc/passwd', '/etc/passwd', '../../etc']) {
      expect(verdict('read_file', { path: '/data/x', url })).toBe('deny');
    }
    expect(verdict('read_file', { path: '/data/x', from: 'file:///etc/passwd' })).toBe('deny');
    expect(verdict('read_file', { path: '/data/x', a: new URL('file:///etc/passwd') })).toBe(
      'deny',
    );
    expect(verdict('read_file', { path: '/data/x', a: new URL('https://a.b') })).toBe('allow');
  });

  it('cannot write more in parts than at once', () => {
    const write = (content: unknown): string => verdict('write_file', { path: '/data/x', content });
    expect(write(['12345', '67890'])).toBe('allow');
    expect(write(['12345', '678901'])).toBe('deny');
    expect(write([new Uint8Array(5), [new Uint8Array(6)]])).toBe('deny');
  });

  it('is matched in time whatever its path', () => {
    const glob = `/**/${'*a'.repeat(50)}b/**/${'*a'.repeat(50)}b`;
    const { explain: say } = compilePolicy({
      rules: [{ ...all, where: { p: { path: { glob } } } }],
    });
    const p = `/${'a'.repeat(20_000)}${'/aaaa'.repeat(1000)}`;
    expect(say({ tool: 'f', args: { p } }).verdict).toBe('deny');
  });

  it('is matched in time whatever its name, or the pattern', () => {
    expect(matchesPattern('a'.repeat(LONG), `${'*a'.repeat(LONG / 10)}b`)).toBe(false);
    expect(matchesPattern('a'.repeat(LONG), '*'.repeat(LONG))).toBe(true);
  });

  it.each(['email', 'domain', 'path', 'amount', 'command'] as const)(
    'is matched in time whatever its %s',
    (operator) => {
      const condition = { [operator]: operator === 'amount' ? { lte: '5' } : 'a@b.c' };
      const where = operator === 'domain' ? { x: { domain: 'b.c' } } : { x: condition };
      const { explain: say } = compilePolicy({ rules: [{ ...all, where }] });
      for (const part of ['a', '.', '@', '/', '\\', '9', 'a@', '..\\', ':', '\u0130']) {
        const x = part.repeat(LONG);
        expect(say({ tool: 'f', args: { x } }).verdict).toBe('deny');
        expect(say({ tool: 'f', args: { x: `https://${x}` } }).verdict).toBe('deny');
      }
    },
  );

  it('with a name that looks like another one is another tool, which nothing allows', async () => {
    const policy = compilePolicy({ rules: [{ ...all, tool: 'caf\u00e9' }] });
    const guard = createGuard({ policy, unicodeNames: true });
    expect((await guard.decide({ tool: 'caf\u00e9', args: {} })).effect).toBe('allow');
    for (const tool of ['cafe\u0301', 'caf\u00e9\u200b', 'Caf\u00e9']) {
      expect((await guard.decide({ tool, args: {} })).effect).toBe('deny');
    }
  });
});

describe('a hostile or mistaken policy', () => {
  it('is checked in time however many tools there are', () => {
    const tools = Array.from({ length: 2000 }, (_, i) => `tool_${i}`);
    const rules = Array.from({ length: 10_000 }, (_, i) => ({
      ...all,
      id: `${i}`,
      tool: `tool-${i}`,
    }));
    expect(checkPolicy({ rules }, { tools })).toHaveLength(10_000);
    const known = rules.map((rule, i) => ({ ...rule, tool: `tool_${i % 2000}` }));
    expect(checkPolicy({ rules: known }, { tools })).toEqual([]);
  });

  it('is refused where it holds itself, or the same part a thousand times over', () => {
    let where: Record<string, unknown> = { n: 1 };
    for (let i = 0; i < 20; i += 1) where = { a: { where }, b: { where } };
    expect(checkPolicy({ rules: [{ ...all, where }] })).not.toEqual([]);
  });

  it.each([0, -1, Number.NaN, Infinity, 1e300, '999999999d', '0m', '1w', '4 h', '٤h', ''])(
    'is refused where a time is %s',
    (time) => {
      const limits = [{ id: 'l', max: 1, window: time }];
      const rules = { rules: [{ ...all, approve: { expires: time }, limits }] };
      expect(checkPolicy(rules).map(({ path }) => path.at(-1))).toEqual(['expires', 'window']);
    },
  );

  it('has the tools that it names, whatever they are called', () => {
    const tools = JSON.parse('{"__proto__": {}, "constructor": {}, "then": {}}') as Readonly<
      Record<'__proto__' | 'constructor' | 'then', object>
    >;
    const policy = definePolicy(tools, (t) => [
      t['__proto__'].allow({ id: 'a' }),
      t.constructor.allow({ id: 'b' }),
      t.then.deny({ id: 'c' }),
    ]);
    for (const tool of ['__proto__', 'constructor']) {
      expect(policy.explain({ tool }).verdict).toBe('allow');
    }
    expect(policy.explain({ tool: 'hasOwnProperty' }).verdict).toBe('deny');
  });
});

describe('what fails later than anybody waits', () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  const others = process.listeners('unhandledRejection');
  const fail = async (): Promise<never> => {
    throw new Error('late');
  };

  beforeEach(() => {
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', note);
  });

  afterEach(() => {
    process.removeAllListeners('unhandledRejection');
    for (const listener of others) process.on('unhandledRejection', listener);
  });

  const denied: PolicyDocument = { rules: [{ ...all, effect: 'deny', where: { n: 1 } }] };
  const schema = { '~standard': { version: 1, vendor: 'x', validate: fail } } as const;

  it.each([
    ['the report of a policy', () => compilePolicy(denied, { report: () => fail() as never })],
    [
      'the report of a shadow',
      () =>
        shadow({
          enforced: compilePolicy({ rules: [all] }),
          candidate: compilePolicy(denied),
          as: 'layer',
          report: () => fail() as never,
        }),
    ],
    ['a when', () => compilePolicy({ rules: [{ ...all, when: fail as never }] })],
    [
      'a schema of attributes',
      () =>
        definePolicy({ f: {} }, (t) => [t.f.allow({ id: 'a', when: () => true })], {
          attributes: schema as never,
        }),
    ],
  ])('ends no process: %s', async (_, make) => {
    const guard = createGuard({ policy: make() });
    const context = { principal: { id: 'ann' } };
    const { effect } = await guard.decide({ tool: 'f', args: { n: 1 }, context });
    expect(['allow', 'deny']).toContain(effect);
    // Node looks for rejections that nobody handles once its microtasks are done.
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });
});

it('attributes that change are checked again', () => {
  const attributes = { level: 1 };
  const context = Object.freeze({ principal: Object.freeze({ id: 'ann', attributes }) });
  const policy = definePolicy(
    { f: {} },
    (t) => [
      t.f.allow({ id: 'a', when: (_args, { principal }) => principal.attributes['level'] === 1 }),
    ],
    {
      attributes: {
        safeParse: (data: unknown) => ({ success: true, data: { ...(data as object) } }),
      } as never,
    },
  );
  expect(policy.explain({ tool: 'f', context }).verdict).toBe('allow');
  attributes.level = 2;
  expect(policy.explain({ tool: 'f', context }).verdict).toBe('deny');
});
