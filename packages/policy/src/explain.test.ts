import { createGuard } from '@guardstile/core';
import { describe, expect, it } from 'vitest';
import { describeExplanation } from './describe-explanation.ts';
import type { Approve } from './document.ts';
import type { Explanation } from './explain.ts';
import { compilePolicy } from './rule-policy.ts';

const document = {
  rules: [
    {
      id: 'refund.small',
      effect: 'allow',
      tool: 'refund',
      where: { amount: { lte: 500 }, currency: { in: ['EUR', 'USD'] } },
    },
    {
      id: 'refund.staff',
      effect: 'allow',
      tool: 'refund',
      who: { role: 'staff' },
      where: { amount: { lte: 1000 }, currency: 'EUR', vip: true },
    },
    {
      id: 'refund.large',
      effect: 'ask',
      tool: 'refund',
      where: { amount: { gt: 400 } },
      approve: { by: 'role:finance', quorum: 2 },
      reason: 'large',
    },
    {
      id: 'refund.odd',
      effect: 'ask',
      tool: 'refund',
      when: (args: { amount: number }) => args.amount % 2 === 1,
    },
    {
      id: 'refund.weekend',
      effect: 'ask',
      mode: 'shadow',
      tool: 'refund',
      where: { amount: { gt: 100 } },
    },
    { id: 'other', effect: 'deny', tool: 'other' },
  ],
} as const;
const policy = compilePolicy(document);

describe('an explanation', () => {
  it('names the allow that nearly matched, and the condition on which it failed', () => {
    const explanation = policy.explain({ tool: 'refund', args: { amount: 300, currency: 'GBP' } });
    expect(explanation).toMatchObject({
      verdict: 'deny',
      rule: undefined,
      nearest: {
        rule: 'refund.small',
        failed: [
          {
            on: 'where.currency',
            outcome: 'fails',
            why: 'currency is "GBP", rule wants in ["EUR","USD"]',
          },
        ],
      },
    });
    expect(explanation.policy).toBe(policy.digest({}));
  });

  it('tells of every rule about the tool whether it matched, and why not', () => {
    const { considered } = policy.explain({
      tool: 'refund',
      args: { amount: 450, currency: 'EUR' },
    });
    expect(considered.map(({ id, outcome, counts }) => [id, outcome, counts])).toEqual([
      ['refund.large', 'matched', true],
      ['refund.odd', 'not matched', false],
      ['refund.small', 'matched', true],
      ['refund.staff', 'not evaluated', false],
      ['refund.weekend', 'matched', false],
    ]);
    expect(considered.find(({ id }) => id === 'refund.staff')?.conditions).toEqual([
      {
        on: 'who.role',
        outcome: 'not evaluated',
        why: 'role is missing, rule wants staff: cannot be compared',
      },
      { on: 'where.amount', outcome: 'holds', why: 'amount is 450, rule wants lte 1000' },
      { on: 'where.currency', outcome: 'holds', why: 'currency is "EUR", rule wants "EUR"' },
      {
        on: 'where.vip',
        outcome: 'not evaluated',
        why: 'vip is missing, rule wants true: cannot be compared',
      },
    ]);
  });

  it('says of a function only that it is one', () => {
    const { considered } = policy.explain({
      tool: 'refund',
      args: { amount: 451, currency: 'EUR' },
    });
    expect(considered.find(({ id }) => id === 'refund.odd')).toMatchObject({
      opaque: true,
      conditions: [{ on: 'when', outcome: 'holds', why: 'the function answered true (opaque)' }],
    });
  });

  it('combines what all matching asks need', () => {
    const { verdict, rule, requirements } = policy.explain({
      tool: 'refund',
      args: { amount: 451, currency: 'EUR' },
    });
    expect([verdict, rule]).toEqual(['ask', 'refund.large']);
    expect(requirements?.votes).toEqual([
      { kind: 'approvers', by: ['role:finance'], quorum: 2 },
      { kind: 'confirm' },
    ]);
  });

  it('tells what a rule in shadow would have changed, and only that', () => {
    const flips = (amount: number) =>
      policy.explain({ tool: 'refund', args: { amount, currency: 'EUR' } }).flips;
    expect(flips(200)).toEqual([{ rule: 'refund.weekend', from: 'allow', would: 'ask' }]);
    expect(flips(500)).toEqual([]);
    expect(flips(50)).toEqual([]);
  });

  it('tells what a rule in shadow would have allowed or denied', () => {
    const flips = (effect: 'allow' | 'deny', amount: unknown) =>
      compilePolicy({
        rules: [
          { id: 'small', effect: 'allow', tool: 'a', where: { amount: { lt: 5 } } },
          { id: 'new', effect, mode: 'shadow', tool: 'a', where: { amount: { lt: 9 } } },
        ],
      }).explain({ tool: 'a', args: { amount } }).flips;
    expect(flips('allow', 7)).toEqual([{ rule: 'new', from: 'deny', would: 'allow' }]);
    expect(flips('allow', 3)).toEqual([]);
    expect(flips('deny', 3)).toEqual([{ rule: 'new', from: 'allow', would: 'deny' }]);
    expect(flips('deny', 7)).toEqual([]);
    // What cannot be evaluated does not allow.
    expect(flips('allow', '7')).toEqual([]);
  });

  it('is a text for people', () => {
    const text = describeExplanation(
      policy.explain({ tool: 'refund', args: { amount: 300, currency: 'EUR' } }),
    );
    expect(text.split('\n').slice(0, -1)).toEqual([
      'refund',
      '  ALLOW by rule "refund.small": a rule allows it',
      '    · ask   refund.large not matched: amount is 300, rule wants gt 400',
      '    · ask   refund.odd not matched: the function answered false (opaque)',
      '    · allow refund.small matched',
      '    · allow refund.staff not evaluated: role is missing, rule wants staff: cannot be compared; vip is missing, rule wants true: cannot be compared',
      '    ◌ ask   refund.weekend matched (shadow)',
      '    would be ASK instead of ALLOW if "refund.weekend" were enforced',
    ]);
  });

  it('says in words what all matching asks need together, and what becomes of them', () => {
    const ask = { effect: 'ask', tool: 'pay' } as const;
    const needs = (...approve: readonly Approve[]): readonly string[] =>
      describeExplanation(
        compilePolicy({
          default: 'allow',
          rules: approve.map((one, i) => ({ ...ask, id: `a${i}`, approve: one })),
        }).explain({ tool: 'pay' }),
      )
        .split('\n')
        .slice(2, -1 - approve.length - 1);
    const finance = { by: 'role:finance', expires: '4h', editable: ['amount', 'note'] } as const;
    expect(needs({ ...finance, grants: ['session'] })).toEqual([
      '  needs 1 of role:finance',
      '  if nobody answers within 4h, it is denied',
      '  whoever approves may change amount, note',
      '  may be granted for more than once (session)',
    ]);
    const boss = { by: 'boss', expires: '90m', editable: ['note'] } as const;
    expect(needs(finance, boss)).toEqual([
      '  needs 1 of role:finance and 1 of boss',
      '  if nobody answers within 90m, it is denied',
      '  whoever approves may change note',
    ]);
    const escalates = { ...boss, onExpiry: { escalateTo: 'role:board' } } as const;
    expect(needs(escalates)[1]).toBe(
      '  if nobody answers within 90m, role:board may answer too, for as long again',
    );
    expect(needs({ onExpiry: 'park' })).toEqual([
      '  needs confirmation by the requester',
      '  if nobody answers in time, it stays open for a late answer',
    ]);
    // What only one of them says does not hold for both.
    expect(needs(escalates, finance)[1]).toBe('  if nobody answers within 90m, it is denied');
  });

  it('tells that a rule in shadow would deny what it cannot count', () => {
    const counting = compilePolicy({
      rules: [
        { id: 'all', effect: 'allow', tool: 'pay' },
        {
          id: 'day',
          effect: 'allow',
          mode: 'shadow',
          tool: 'pay',
          limits: [{ id: 'day', amount: { from: 'cents' }, max: 5, window: '1d' }],
        },
      ],
    });
    expect(counting.explain({ tool: 'pay', args: { cents: 1 } }).flips).toEqual([]);
    expect(counting.explain({ tool: 'pay', args: {} }).flips).toEqual([
      { rule: 'day', from: 'allow', would: 'deny' },
    ]);
  });

  it('hides secrets, makes control characters visible, and stays short', () => {
    const secret = compilePolicy({
      rules: [
        { id: 'a', effect: 'allow', tool: 'a', where: { password: 'x', text: 'x', long: 'x' } },
      ],
    });
    const explanation = secret.explain({
      tool: 'a',
      args: { password: 'hunter2', text: 'a\u001b[2Jb\u202e', long: 'y'.repeat(100_000) },
    });
    const text = describeExplanation(explanation);
    expect(JSON.stringify(explanation)).not.toContain('hunter2');
    expect(text).not.toContain('hunter2');
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('\u202e');
    expect(text.length).toBeLessThan(2000);
  });

  it('is plain data', () => {
    const explanation = policy.explain({ tool: 'refund', args: { amount: 451, currency: 'EUR' } });
    expect(JSON.parse(JSON.stringify(explanation))).toMatchObject({
      verdict: 'ask',
      tool: 'refund',
    });
  });
});

describe('a report', () => {
  async function reported(tool: string, args: unknown): Promise<readonly Explanation[]> {
    const seen: Explanation[] = [];
    const guard = createGuard({
      policy: compilePolicy(document, { report: (one) => seen.push(one) }),
    });
    await guard.decide({ tool, args });
    return seen;
  }

  it('comes for what is asked or denied, and where a rule in shadow would change the verdict', async () => {
    expect(await reported('refund', { amount: 50, currency: 'EUR' })).toEqual([]);
    expect(await reported('refund', { amount: 450, currency: 'EUR' })).toMatchObject([
      { verdict: 'ask' },
    ]);
    expect(await reported('refund', { amount: 50, currency: 'GBP' })).toMatchObject([
      { verdict: 'deny' },
    ]);
    expect(await reported('refund', { amount: 200, currency: 'EUR' })).toMatchObject([
      { verdict: 'allow', flips: [{ rule: 'refund.weekend' }] },
    ]);
    const [one] = await reported('refund', { amount: 450, currency: 'EUR' });
    expect(one?.rid).toMatch(/./);
  });

  it('that fails changes nothing', async () => {
    const failing = compilePolicy(document, {
      report: () => {
        throw new Error('broken');
      },
    });
    const guard = createGuard({ policy: failing });
    expect(
      (await guard.decide({ tool: 'refund', args: { amount: 450, currency: 'EUR' } })).effect,
    ).toBe('ask');
  });
});
