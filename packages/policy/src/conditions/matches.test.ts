import { createRequire } from 'node:module';

import { describe, expect, it } from 'vitest';

import type { Condition } from '../document.ts';
import { placeIn, type PolicyIssue } from '../issues.ts';
import { compilePolicy } from '../rule-policy.ts';
import type { Truth } from '../truth.ts';
import { readWhere, testFields } from './where.ts';

function meets(condition: Condition, value: unknown): Truth {
  const issues: PolicyIssue[] = [];
  const checks = readWhere({ v: condition }, placeIn(issues));
  expect(issues).toEqual([]);
  return testFields(checks, { v: value });
}

function wrongWith(condition: unknown): readonly string[] {
  const issues: PolicyIssue[] = [];
  readWhere({ v: condition }, placeIn(issues));
  return issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

describe('a regular expression', () => {
  it('is what loads the engine: other policies pay nothing for it', () => {
    const loaded = (): boolean =>
      Object.keys(createRequire(import.meta.url).cache).some((name) => name.includes('re2js'));
    expect(meets({ startsWith: 'a' }, 'a')).toBe(true);
    expect(loaded()).toBe(false);
    expect(meets({ matches: 'a' }, 'a')).toBe(true);
    expect(loaded()).toBe(true);
  });

  it('has to match the whole text, line breaks included', () => {
    expect(meets({ matches: '[a-z]+' }, 'abc')).toBe(true);
    expect(meets({ matches: '[a-z]+' }, 'abc1')).toBe(false);
    expect(meets({ matches: '[a-z]+' }, 'abc\n')).toBe(false);
    expect(meets({ matches: 'a|b' }, 'ab')).toBe(false);
    // What a denial looks for is not hidden behind a line break.
    expect(meets({ matches: '.*rm -rf.*' }, 'ls\nrm -rf /\n')).toBe(true);
    expect(meets({ matches: '(?i)ord-\\d{4}' }, 'ORD-1234')).toBe(true);
    expect(meets({ matches: '.' }, '\u{1F600}')).toBe(true);
  });

  it('tells nothing of what is no text, or more text than can be looked at', () => {
    for (const value of [5, null, undefined, ['a'], 'a'.repeat(10_001)]) {
      expect(meets({ matches: 'a*' }, value)).toBeUndefined();
    }
    expect(meets({ matches: 'a*' }, 'a'.repeat(10_000))).toBe(true);
  });

  it.each([
    ['(a+)+b', 'a'],
    ['(a|a)*b', 'a'],
    ['(.*a){20}b', 'a'],
    ['(?:a?){100}a{100}b', 'a'],
    ['(\\w+\\s?)*;', 'word '],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', 'a'],
    ['(a|b)*a(a|b){250}c', 'ab'],
  ])('that would run for ages elsewhere answers: %s', (matches, part) => {
    expect(meets({ matches }, part.repeat(10_000 / part.length))).toBe(false);
  });

  it.each([
    ['(?=a)b', '`(?=`'],
    ['(?!a)b', '`(?!`'],
    ['(?<=a)b', '`(?<=a)b`'],
    ['(a)\\1', '`\\1`'],
    ['a++', '`++`'],
    ['(?>a)', '`(?>`'],
    ['[', 'missing closing ]'],
    ['\\u0041', '`\\u`'],
    ['a{1001}', 'invalid repeat count'],
  ])('is refused where it cannot run in linear time, or is none: %s', (matches, what) => {
    expect(wrongWith({ matches })).toEqual([
      expect.stringMatching(/^v\.matches: .*RE2 syntax, for linear time: no lookahead/s),
    ]);
    expect(wrongWith({ matches })[0]).toContain(what);
  });

  it('is refused where it is too long, or its repetitions make it so', () => {
    expect(wrongWith({ matches: 'a'.repeat(1001) })).toEqual([
      'v.matches: a regular expression has at most 1000 letters',
    ]);
    expect(wrongWith({ matches: '(a|b){0,900}' })).toEqual([
      expect.stringContaining('its repetitions make it too large'),
    ]);
    expect(wrongWith({ matches: '(a|b){0,1000}'.repeat(70) })).toHaveLength(1);
  });

  it('is refused as a RegExp, which says why', () => {
    for (const condition of [{ matches: /a/ }, /a/]) {
      expect(wrongWith(condition)).toEqual([expect.stringContaining('a RegExp may run for hours')]);
    }
    expect(wrongWith({ matches: '' })).toHaveLength(1);
    expect(wrongWith({ matches: 5 })).toHaveLength(1);
  });

  it('is in explanations and in the digest', () => {
    const policyOf = (matches: string) =>
      compilePolicy({
        rules: [{ id: 'a', effect: 'allow', tool: 'x', where: { v: { matches } } }],
      });
    const policy = policyOf('ord-\\d+');
    const { nearest } = policy.explain({ tool: 'x', args: { v: 'ord-x' } });
    expect(nearest?.failed).toEqual([
      expect.objectContaining({ why: 'v is "ord-x", rule wants to match "ord-\\\\d+"' }),
    ]);
    expect(policy.digest({})).toBe(policyOf('ord-\\d+').digest({}));
    expect(policy.digest({})).not.toBe(policyOf('ord-\\d*').digest({}));
  });
});
