import { createGuard, isGuardError } from '@guardstile/core';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { definePolicy } from './define-policy.ts';
import { describeExplanation } from './describe-explanation.ts';
import type { LimitDocument, RuleDocument } from './document.ts';
import { checkPolicy, compilePolicy } from './rule-policy.ts';
import { policyWarnings } from './warnings/policy-warnings.ts';

const day: LimitDocument = { id: 'paid', amount: { from: 'cents' }, max: 1000, window: '1d' };
const pay: RuleDocument = { id: 'pay', effect: 'allow', tool: 'pay', limits: [day] };

const UNCOUNTABLE: ReadonlyArray<readonly [string, unknown]> = [
  ['nothing', {}],
  ['nothing at all', undefined],
  ['null', { cents: null }],
  ['zero', { cents: 0 }],
  ['a negative number', { cents: -1 }],
  ['a fraction', { cents: 0.5 }],
  ['more than can be counted exactly', { cents: 2 ** 53 }],
  ['infinity', { cents: Infinity }],
  ['NaN', { cents: Number.NaN }],
  ['text', { cents: '5' }],
  ['a bigint', { cents: 5n }],
  ['a list', { cents: [5] }],
  ['what only a prototype says', Object.create({ cents: 5 })],
];

describe('a limit that counts an argument', () => {
  it('uses up as much as the call says, until too little is left', async () => {
    const guard = createGuard({ policy: compilePolicy({ rules: [pay] }) });
    const called = async (cents: number): Promise<string> => {
      try {
        return await guard.call({ tool: 'pay', args: { cents } }, () => 'paid');
      } catch (error) {
        return isGuardError(error) ? error.code : 'failed';
      }
    };
    expect(await called(600)).toBe('paid');
    expect(await called(500)).toBe('limit_exceeded');
    expect(await called(400)).toBe('paid');
    expect(await called(1)).toBe('limit_exceeded');
    await guard.close();
  });

  it.each(UNCOUNTABLE)('denies a call that does not say how much: %s', (_, args) => {
    const policies = [
      compilePolicy({ rules: [pay] }),
      compilePolicy({ rules: [pay, { id: 'all', effect: 'allow', tool: '*' }] }),
      compilePolicy({ rules: [{ ...pay, approve: {} }] }),
      compilePolicy({ layer: 'restricts', rules: [pay] }),
    ];
    for (const policy of policies) {
      expect(policy.explain({ tool: 'pay', args })).toMatchObject({
        verdict: 'deny',
        rule: 'pay',
        reason: 'the limit "paid" counts "cents", which has to be a whole number above 0',
        limits: [],
      });
    }
  });

  it('denies as the explanation says, and only the calls that it is about', async () => {
    const guard = createGuard({
      policy: compilePolicy({
        rules: [
          { id: 'all', effect: 'allow', tool: 'pay' },
          { ...pay, where: { to: 'shop' } },
        ],
      }),
    });
    const decide = (args: unknown): Promise<unknown> => guard.decide({ tool: 'pay', args });
    expect(await decide({ to: 'shop' })).toMatchObject({ effect: 'deny', rule: 'pay' });
    expect(await decide({ to: 'bank' })).toMatchObject({ effect: 'allow', limits: [] });
    expect(await decide({ to: 'shop', cents: 5 })).toMatchObject({
      effect: 'allow',
      limits: [{ id: 'paid', amount: 5, max: 1000, windowMs: 86_400_000, per: 'principal' }],
    });
    // Where it is not known whether the rule is about the call, it counts.
    expect(await decide({ cents: 7 })).toMatchObject({ limits: [{ amount: 7 }] });
  });

  it('denies nothing while the policy is only observed', () => {
    const policy = compilePolicy({ enforcement: 'observe', rules: [pay] });
    expect(policy.explain({ tool: 'pay' })).toMatchObject({
      verdict: 'allow',
      flips: [{ from: 'allow', would: 'deny' }],
    });
  });

  it('is explained, and changes the digest', () => {
    const policy = compilePolicy({ rules: [pay] });
    expect(describeExplanation(policy.explain({ tool: 'pay', args: { cents: 5 } }))).toContain(
      'uses 5 of 1000 of "paid"',
    );
    const other = { ...pay, limits: [{ ...day, amount: { from: 'euros' } }] };
    expect(policy.digest({})).not.toBe(compilePolicy({ rules: [other] }).digest({}));
  });

  it('names a field of the tool: the compiler looks, and so does a check', () => {
    const tools = { pay: z.object({ cents: z.number(), to: z.string() }) };
    definePolicy(tools, (t) => [
      t.pay.allow({ id: 'a', limits: [{ ...day, amount: { from: 'cents' } }] }),
      // @ts-expect-error there is no such field
      t.pay.allow({ id: 'b', limits: [{ ...day, id: 'x', amount: { from: 'cent' } }] }),
    ]);
    const warned = (from: string): readonly unknown[] =>
      policyWarnings({ rules: [{ ...pay, limits: [{ ...day, amount: { from } }] }] }, { tools });
    expect(warned('cents')).toEqual([]);
    const path = ['rules', 0, 'limits', 0, 'amount', 'from'];
    expect(warned('cent')).toEqual([
      { path, message: 'pay: the tool has no field "cent" (did you mean "cents"?)' },
    ]);
    expect(warned('to')).toEqual([
      { path, message: 'pay: a limit counts numbers, and the field is string' },
    ]);
  });

  it.each([
    ['a field that is no text', { from: 5 }, 'the field that is counted has to be text'],
    ['no field', {}, 'the field that is counted has to be text'],
    ['something else', { form: 'cents' }, '"form" is not known in an amount'],
    ['a list', ['cents'], 'an amount has to be an object'],
    ['null', null, 'it has to be a whole number, 1 or more'],
    ['nothing that counts', 0, 'it has to be a whole number, 1 or more'],
    ['a fraction', 0.5, 'it has to be a whole number, 1 or more'],
  ])('is refused with %s', (_, amount, message) => {
    const issues = checkPolicy({ rules: [{ ...pay, limits: [{ ...day, amount }] }] });
    expect(issues[0]?.message).toContain(message);
  });
});

describe('a limit of what runs at once, or of the same call', () => {
  const called = async (limit: LimitDocument): Promise<readonly unknown[]> => {
    const guard = createGuard({ policy: compilePolicy({ rules: [{ ...pay, limits: [limit] }] }) });
    const body = Promise.withResolvers<string>();
    const running = [1, 1, 2].map((cents) =>
      guard
        .call({ tool: 'pay', args: { cents } }, () => body.promise)
        .then(
          () => 'paid',
          (error: unknown) => (isGuardError(error) ? error.code : 'failed'),
        ),
    );
    body.resolve('paid');
    const came = await Promise.all(running);
    const later = await guard
      .call({ tool: 'pay', args: { cents: 3 } }, () => 'paid')
      .catch(() => 'refused');
    await guard.close();
    return [...came, later];
  };

  it('lets so many run at once', async () => {
    const atOnce: LimitDocument = { id: 'at-once', max: 2, window: 'running' };
    expect(await called(atOnce)).toEqual(['paid', 'paid', 'limit_exceeded', 'paid']);
    const { explain } = compilePolicy({ rules: [{ ...pay, limits: [atOnce] }] });
    expect(describeExplanation(explain({ tool: 'pay', args: { cents: 5 } }))).toContain(
      'uses 1 of 2 of "at-once" (per principal, while it runs)',
    );
  });

  it('lets the same call run so often', async () => {
    const loop: LimitDocument = { id: 'loop', max: 1, window: '1h', same: 'call' };
    expect(await called(loop)).toEqual(['paid', 'limit_exceeded', 'paid', 'paid']);
  });

  it.each([
    ['window', { window: 'runing' }, '"running"'],
    ['same', { same: 'args' }, 'same'],
  ])('is refused with another %s', (_, more, message) => {
    const limit = { ...day, ...more } as never;
    expect(checkPolicy({ rules: [{ ...pay, limits: [limit] }] })[0]?.message).toContain(message);
  });
});
