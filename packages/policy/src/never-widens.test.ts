import { layers } from '@guardstile/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CALLS,
  calls,
  document,
  type LooseRule,
  NOT_OF_DENIALS,
  rule,
  withIds,
} from '../test/arbitrary.ts';
import { decide, expectNoWider, meaningOf } from '../test/meaning.ts';
import type { PolicyDocument, RuleDocument } from './document.ts';
import { compilePolicy } from './rule-policy.ts';

// Drawn anew in every run. For many more:
// GUARDSTILE_PROPERTY_RUNS=2000000 npx vitest run packages/policy/src/never-widens.test.ts
const CASES = Number(process.env['GUARDSTILE_PROPERTY_RUNS'] ?? 50_000);

/** A share of all cases; each policy meets several calls. */
const share = (percent: number): { readonly numRuns: number } => ({
  numRuns: Math.ceil((CASES * percent) / 100 / CALLS),
});
const timeout = 60_000 + CASES;

const restriction = rule(fc.constantFrom('ask', 'deny'));
/** An allow of a layer that restricts can only demand. */
const demand = rule(fc.constant('allow')).map((one): LooseRule => ({
  ...one,
  limits: one.limits ?? [{ id: 'all', max: 1, window: '1m' }],
}));

function more(policy: PolicyDocument, rules: readonly LooseRule[]): PolicyDocument {
  const all: readonly LooseRule[] = [...(policy.rules ?? []), ...rules];
  return { ...policy, rules: withIds(all) };
}

const RULE_KEYS = [
  'effect',
  'tool',
  'source',
  'who',
  'where',
  'when',
  'mode',
  'approve',
  'obligations',
  'limits',
  'reason',
] as const;
const DOCUMENT_KEYS = ['mode', 'allow', 'deny', 'optional', 'capabilities'] as const;

describe('promise 3 of rules', { timeout }, () => {
  it('a rule that asks or denies never widens access and never weakens what an ask requires', () => {
    const seen = { allow: 0, ask: 0, deny: 0 };
    fc.assert(
      fc.property(document, restriction, calls, (policy, added, all) => {
        const before = compilePolicy(policy);
        const after = compilePolicy(more(policy, [added]));
        for (const call of all) {
          const was = decide(before, call);
          if (was !== undefined) seen[was.effect] += 1;
          expectNoWider(decide(after, call), was);
        }
      }),
      share(35),
    );
    // The cases are about something: there is access to widen, and asks to weaken.
    expect(seen.allow).toBeGreaterThan(CASES / 100);
    expect(seen.ask).toBeGreaterThan(CASES / 100);
  });

  it('a layer of rules that restricts never widens access and never weakens what an ask requires', () => {
    fc.assert(
      fc.property(
        document,
        fc.array(fc.oneof(restriction, demand), { maxLength: 3 }),
        calls,
        (policy, rules, all) => {
          const base = compilePolicy(policy);
          const added = compilePolicy({ layer: 'restricts', rules: withIds(rules) });
          const one = layers([{ name: 'base', grants: base }]);
          const two = layers([
            { name: 'base', grants: base },
            { name: 'added', restricts: added },
          ]);
          for (const call of all) expectNoWider(decide(two, call), decide(one, call));
        },
      ),
      share(15),
    );
  });

  it('whatever stands beside capabilities lets nothing run that is outside them', () => {
    const within = fc.tuple(document, fc.constantFrom('read-only', 'standard', 'full'));
    const seen = { outside: 0, within: 0 };
    fc.assert(
      fc.property(within, calls, ([policy, grant], all) => {
        const own = policy.capabilities ?? { grant };
        const alone = compilePolicy({ capabilities: own });
        const both = compilePolicy({ ...policy, capabilities: own });
        for (const call of all) {
          const isOutside = decide(alone, call)?.effect === 'deny';
          seen[isOutside ? 'outside' : 'within'] += 1;
          if (isOutside) expect(decide(both, call)?.effect).toBe('deny');
        }
      }),
      share(10),
    );
    expect(Math.min(seen.outside, seen.within)).toBeGreaterThan(CASES / 1000);
  });

  it('a rule in shadow changes no decision', () => {
    fc.assert(
      fc.property(document, rule(), calls, (policy, added, all) => {
        const before = compilePolicy(policy);
        const after = compilePolicy(more(policy, [{ ...added, mode: 'shadow' }]));
        for (const call of all) {
          expect(meaningOf(decide(after, call))).toBe(meaningOf(decide(before, call)));
        }
      }),
      share(10),
    );
  });

  it('the order of rules means nothing', () => {
    const shuffled = document.chain((policy) =>
      fc
        .shuffledSubarray([...(policy.rules ?? [])], { minLength: policy.rules?.length ?? 0 })
        .map((rules): readonly [PolicyDocument, PolicyDocument] => [policy, { ...policy, rules }]),
    );
    fc.assert(
      fc.property(shuffled, calls, ([policy, other], all) => {
        const [one, two] = [compilePolicy(policy), compilePolicy(other)];
        expect(two.digest({})).toBe(one.digest({}));
        for (const call of all) expect(decide(two, call)).toEqual(decide(one, call));
      }),
      share(20),
    );
  });

  it('policies that decide anything differently have different digests', () => {
    type Change = (policy: PolicyDocument) => PolicyDocument;
    // Most changes are of one thing alone, so that nothing else tells the two apart.
    const ofARule: fc.Arbitrary<Change> = fc
      .tuple(fc.nat(4), rule(), fc.constantFrom(...RULE_KEYS))
      .map(([at, other, key]) => (policy) => ({
        ...policy,
        rules: (policy.rules ?? []).map((one, i): RuleDocument => {
          const changed = { ...one, [key]: other[key] };
          const fits =
            changed.effect !== 'deny' ||
            NOT_OF_DENIALS.every((name) => changed[name as keyof LooseRule] === undefined);
          return i === at % (policy.rules?.length ?? 1) && fits ? changed : one;
        }),
      }));
    const ofTheRest: fc.Arbitrary<Change> = fc
      .tuple(document, fc.constantFrom(...DOCUMENT_KEYS))
      .map(([other, key]) => (policy) => ({ ...policy, [key]: other[key] }));
    const added: fc.Arbitrary<Change> = rule().map((one) => (policy) => more(policy, [one]));
    const change = fc.oneof({ weight: 4, arbitrary: ofARule }, ofTheRest, added);
    const seen = { different: 0 };
    fc.assert(
      fc.property(document, change, calls, (policy, changed, all) => {
        const [one, two] = [compilePolicy(policy), compilePolicy(changed(policy))];
        const differs = all.some(
          (call) => meaningOf(decide(one, call)) !== meaningOf(decide(two, call)),
        );
        if (!differs) return;
        seen.different += 1;
        expect(two.digest({})).not.toBe(one.digest({}));
      }),
      share(20),
    );
    expect(seen.different).toBeGreaterThan(CASES / 10_000);
  });

  it('an explanation says what is decided', () => {
    fc.assert(
      fc.property(document, calls, (policy, all) => {
        const one = compilePolicy(policy);
        for (const call of all) {
          const decision = decide(one, call);
          const explanation = one.explain({
            tool: call.info.identity.name,
            source: call.info.identity.source,
            args: call.call.args,
            context: call.context,
            ...(call.info.facts.why === 'stated by the developer'
              ? { facts: call.info.facts.money ? 'money' : 'readOnly' }
              : {}),
          });
          expect(explanation.verdict).toBe(decision?.effect ?? 'none');
          expect(explanation.policy).toBe(decision?.policy ?? one.digest({}));
          if (decision !== undefined) {
            expect(explanation.obligations).toEqual(decision.obligations);
            expect(explanation.limits).toEqual(decision.limits);
          }
          if (decision?.effect === 'ask') {
            expect(explanation.requirements).toEqual(decision.requirements);
          }
        }
      }),
      share(10),
    );
  });
});
