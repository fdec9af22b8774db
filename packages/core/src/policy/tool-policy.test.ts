import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Decision } from '../decision.ts';
import { toolPolicy, type ToolPolicyOptions } from './tool-policy.ts';

function decided(options: ToolPolicyOptions, name: string): Decision {
  const ruling = toolPolicy(options).resolve({
    identity: { source: 'app', name },
    facts: { effect: 'unknown', money: false, capabilities: [], why: '' },
  });
  if (typeof ruling !== 'object')
    throw new Error('it does not decide for all calls of a tool at once');
  return ruling;
}

describe('a tool policy', () => {
  it.each<[string, ToolPolicyOptions, string, 'allow' | 'deny']>([
    ['no list', {}, 'x', 'allow'],
    ['an allow list with it', { allow: ['x'] }, 'x', 'allow'],
    ['an allow list without it', { allow: ['y'] }, 'x', 'deny'],
    ['an empty allow list', { allow: [] }, 'x', 'deny'],
    ['a deny list with it', { deny: ['x'] }, 'x', 'deny'],
    ['a deny list without it', { deny: ['y'] }, 'x', 'allow'],
    ['an empty deny list', { deny: [] }, 'x', 'allow'],
    ['both lists with it', { allow: ['x'], deny: ['x'] }, 'x', 'deny'],
    ['both lists, allowed only', { allow: ['x'], deny: ['y'] }, 'x', 'allow'],
    ['both lists, on neither', { allow: ['y'], deny: ['z'] }, 'x', 'deny'],
    ['the optional list alone', { optional: ['x'] }, 'x', 'deny'],
    ['an optional list without it', { optional: ['y'] }, 'x', 'allow'],
    ['the optional list, opted into', { optional: ['x'], allow: ['x'] }, 'x', 'allow'],
    [
      'the optional list, with another tool opted into',
      { optional: ['x'], allow: ['y'] },
      'x',
      'deny',
    ],
    [
      'the optional list, opted into and denied',
      { optional: ['x'], allow: ['x'], deny: ['x'] },
      'x',
      'deny',
    ],
    ['a name that every object has', { allow: ['y'] }, 'constructor', 'deny'],
  ])('with %s (%j) decides %s: %s', (_name, options, name, effect) => {
    expect(decided(options, name).effect).toBe(effect);
  });

  it('is an intersection: what it allows is allowed, not denied, and opted into where that is needed', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'));
    const list = fc.option(names, { nil: undefined });
    fc.assert(
      fc.property(
        list,
        list,
        list,
        fc.constantFrom('a', 'b', 'c'),
        (allow, deny, optional, name) => {
          const options = {
            ...(allow === undefined ? {} : { allow }),
            ...(deny === undefined ? {} : { deny }),
            ...(optional === undefined ? {} : { optional }),
          };
          const allowed =
            deny?.includes(name) !== true &&
            (allow === undefined ? optional?.includes(name) !== true : allow.includes(name));
          expect(decided(options, name).effect).toBe(allowed ? 'allow' : 'deny');
        },
      ),
      { numRuns: 500 },
    );
  });

  it('says which list decided', () => {
    expect(decided({ deny: ['x'] }, 'x').reason).toContain('deny list');
    expect(decided({ allow: [] }, 'x').reason).toContain('not on the allow list');
    expect(decided({ optional: ['x'] }, 'x').reason).toContain('optional');
  });

  it.each<[string, unknown]>([
    ['a misspelt list', { optional_tools: ['x'] }],
    ['a mode', { mode: 'default' }],
    ['a text instead of a list', { allow: 'x' }],
    ['no options', undefined],
    ['null', null],
  ])('refuses %s', (_name, options) => {
    expect(() => toolPolicy(options as ToolPolicyOptions)).toThrow(
      expect.objectContaining({ code: 'policy_invalid' }),
    );
  });

  it('has a digest that changes with the meaning and not with the order of its lists', () => {
    const id = (options: ToolPolicyOptions): string => toolPolicy(options).digest({});
    expect(id({ allow: ['a', 'b'], deny: ['c', 'd'] })).toBe(
      id({ deny: ['d', 'c'], allow: new Set(['b', 'a']) }),
    );
    const different = [
      {},
      { allow: [] },
      { allow: ['a'] },
      { deny: ['a'] },
      { optional: ['a'] },
      { allow: ['a,b'] },
      { allow: ['a', 'b'] },
    ];
    expect(new Set(different.map(id)).size).toBe(different.length);
    expect(id({ deny: [] })).toBe(id({}));
  });
});

describe('with a polluted Object.prototype', () => {
  afterEach(() => {
    delete (Object.prototype as Record<string, unknown>)['allow'];
  });

  it('a tool policy takes no list from there', () => {
    (Object.prototype as Record<string, unknown>)['allow'] = ['x'];
    const { effect } = decided({ optional: ['x'] }, 'x');
    delete (Object.prototype as Record<string, unknown>)['allow'];
    expect(effect).toBe('deny');
  });
});
