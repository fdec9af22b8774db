import { createGuard, isGuardError, layers } from '@guardstile/core';
import { describe, expect, expectTypeOf, it } from 'vitest';
import * as z from 'zod';
import { definePolicy } from './define-policy.ts';
import { describeExplanation } from './describe-explanation.ts';
import type { LimitDocument, RuleDocument } from './document.ts';
import { compilePolicy, type RulePolicy } from './rule-policy.ts';

const redact = { type: 'redact', fields: ['iban'] } as const;
const cap = { type: 'cap', characters: 100 } as const;
const day = { id: 'day', max: 2, window: '1d', per: 'guard' } as const satisfies LimitDocument;
const dayClaim = { id: 'day', amount: 1, max: 2, windowMs: 86_400_000, per: 'guard' };
const all: RuleDocument = { id: 'all', effect: 'allow', tool: 'pay' };

function demandsOf(rules: readonly RuleDocument[], args: object = {}): unknown[] {
  const { verdict, obligations, limits } = compilePolicy({ rules }).explain({ tool: 'pay', args });
  return [verdict, obligations, limits];
}

describe('what rules demand', () => {
  it('is done with the result before anybody sees it', async () => {
    const policy = compilePolicy({ rules: [{ ...all, obligations: [redact] }] });
    const pay = createGuard({ policy }).wrap('pay', async () => ({ iban: 'DE89', note: 'paid' }));
    expect(await pay()).toEqual({ iban: '[redacted]', note: 'paid' });
  });

  it('is used up, and nothing runs where too little is left', async () => {
    const policy = compilePolicy({ rules: [{ ...all, limits: [day] }] });
    let runs = 0;
    const pay = createGuard({ policy }).wrap('pay', async () => (runs += 1));
    expect([await pay(), await pay()]).toEqual([1, 2]);
    const refused: unknown = await pay().catch((error: unknown) => error);
    expect(isGuardError(refused) && refused.code).toBe('limit_exceeded');
    expect(runs).toBe(2);
  });

  it('is of all rules about the call together, and what two demand alike is demanded once', () => {
    const two: RuleDocument = { ...all, id: 'b', obligations: [cap, redact], limits: [day] };
    const three: RuleDocument = { ...all, id: 'c', effect: 'ask', limits: [day] };
    const rules = [{ ...all, obligations: [redact] }, two, three];
    expect(demandsOf(rules)).toEqual(['ask', [redact, cap], [dayClaim]]);
    expect(demandsOf(rules.toReversed())).toEqual(demandsOf(rules));
  });

  it('is not of rules about other calls', () => {
    const other: RuleDocument = { ...all, id: 'b', where: { n: 1 }, obligations: [redact] };
    expect(demandsOf([all, other], { n: 2 })).toEqual(['allow', [], []]);
    expect(demandsOf([all, other], { n: 1 })).toEqual(['allow', [redact], []]);
  });

  it('is of a rule that cannot be evaluated too', () => {
    const other: RuleDocument = { ...all, id: 'b', where: { n: 1 }, obligations: [redact] };
    expect(demandsOf([all, other], {})).toEqual(['allow', [redact], []]);
  });

  it('is nothing where the call is denied', () => {
    const never: RuleDocument = { ...all, id: 'never', effect: 'deny' };
    expect(demandsOf([{ ...all, limits: [day] }, never])).toEqual(['deny', [], []]);
  });

  it('is not in force while a rule or a policy is only watched', async () => {
    const demanding = { ...all, id: 'b', obligations: [redact], limits: [day] } as const;
    const policies: readonly RulePolicy[] = [
      compilePolicy({ rules: [all, { ...demanding, mode: 'shadow' }] }),
      compilePolicy({ enforcement: 'observe', rules: [demanding] }),
    ];
    for (const policy of policies) {
      const decision = await createGuard({ policy }).decide({ tool: 'pay', args: {} });
      expect(decision).toMatchObject({ effect: 'allow', obligations: [], limits: [] });
      expect(policy.explain({ tool: 'pay' })).toMatchObject({ obligations: [], limits: [] });
    }
  });

  it('can be demanded of everything by a layer that allows nothing', async () => {
    const policy = layers([
      { name: 'rules', grants: compilePolicy({ rules: [all] }) },
      {
        name: 'limits',
        restricts: compilePolicy({
          layer: 'restricts',
          rules: [{ id: 'few', effect: 'allow', tool: '*', limits: [day], obligations: [cap] }],
        }),
      },
    ]);
    const guard = createGuard({ policy });
    expect(await guard.decide({ tool: 'pay', args: {} })).toMatchObject({
      effect: 'allow',
      limits: [dayClaim],
      obligations: [cap],
    });
    expect(await guard.decide({ tool: 'other', args: {} })).toMatchObject({ effect: 'deny' });
  });

  it('counts for tools of every source in a layer that allows nothing', () => {
    const { explain } = compilePolicy({
      layer: 'restricts',
      rules: [{ id: 'few', effect: 'allow', tool: '*', limits: [day] }],
    });
    expect(explain({ tool: 'pay', source: 'mcp' }).limits).toEqual([dayClaim]);
  });

  it('can be said in code, changes the digest, and is explained', () => {
    const rule = { id: 'all', obligations: [redact], limits: [day] } as const;
    const tools = { pay: z.object({ n: z.number() }) };
    const inCode = definePolicy(tools, (t) => [t.pay.allow(rule)]);
    expect(inCode.digest({})).toBe(
      compilePolicy({ rules: [{ ...all, obligations: [redact], limits: [day] }] }).digest({}),
    );
    expect(inCode.digest({})).not.toBe(compilePolicy({ rules: [all] }).digest({}));
    const text = describeExplanation(inCode.explain({ tool: 'pay', args: { n: 1 } }));
    expect(text).toContain('redact iban');
    expect(text).toContain('uses 1 of 2 of "day" (per guard, in 1d)');
    definePolicy(tools, (t) => {
      expectTypeOf(t.pay.allow)
        .parameter(0)
        .toHaveProperty('limits')
        .toEqualTypeOf<ReadonlyArray<LimitDocument<'n'>> | undefined>();
      return [];
    });
  });
});
