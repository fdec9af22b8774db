import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { calls, CALLS, document, type RandomCall } from '../../test/arbitrary.ts';
import { flow, viewOf } from '../../test/flow.ts';
import { decide, expectNoWider, meaningOf } from '../../test/meaning.ts';
import { compilePolicy } from '../rule-policy.ts';

// For ten times as many:
// GUARDSTILE_PROPERTY_RUNS=200000 npx vitest run packages/policy/src/flow/never-widens.test.ts
const CASES = Number(process.env['GUARDSTILE_PROPERTY_RUNS'] ?? 20_000);
const runs = (percent: number): { readonly numRuns: number } => ({
  numRuns: Math.ceil((CASES * percent) / 100 / CALLS),
});
const timeout = 60_000 + CASES;

const views = await Promise.all([
  viewOf({}),
  viewOf({ prompt: 'x is 10, write to /data/x and a@b.c' }),
  viewOf({
    results: [
      { tool: 'read_file', value: { s: '/etc/x' }, labels: { '': 'untrusted:y', s: 'trusted:x' } },
      { tool: 'read_file', value: { s: 'a@b.c' }, labels: { s: 'secret' } },
    ],
  }),
]);
const view = fc.constantFrom(undefined, ...views);

/** A call of a session that has seen something. */
const seen = fc
  .tuple(calls, view)
  .map(([all, given]): readonly RandomCall[] =>
    all.map((one) => (given === undefined ? one : { ...one, call: { ...one.call, flow: given } })),
  );

describe('promise 3 of flows', { timeout }, () => {
  it('to add a flow never widens access and never weakens what is required', () => {
    const changed = { asked: 0, denied: 0 };
    fc.assert(
      fc.property(document, flow, seen, (policy, added, all) => {
        const before = compilePolicy(policy);
        const after = compilePolicy({ ...policy, flow: added });
        for (const call of all) {
          const [was, is] = [decide(before, call), decide(after, call)];
          expectNoWider(is, was);
          if (is?.effect === 'ask' && was?.effect === 'allow') changed.asked += 1;
          if (is?.effect === 'deny' && was?.effect !== 'deny') changed.denied += 1;
        }
      }),
      runs(40),
    );
    // The cases are about something.
    expect(Math.min(changed.asked, changed.denied)).toBeGreaterThan(CASES / 1000);
  });

  // Labels are statements, as facts are: what is said of a field can vouch for it.
  it('to add rules and arguments to a flow never widens access', () => {
    fc.assert(
      fc.property(document, flow, flow, seen, (policy, one, other, all) => {
        const before = compilePolicy({ ...policy, flow: one });
        const names = Object.keys(other.tools ?? {});
        const tools = names.map((name) => {
          const [was, more] = [one.tools?.[name], other.tools?.[name]];
          return [name, { ...was, args: { ...more?.args, ...was?.args } }] as const;
        });
        const rules = (other.rules ?? []).map((rule) => ({ ...rule, id: `more-${rule.id}` }));
        const after = compilePolicy({
          ...policy,
          flow: {
            ...one,
            tools: { ...one.tools, ...Object.fromEntries(tools) },
            rules: [...(one.rules ?? []), ...rules],
          },
        });
        for (const call of all) expectNoWider(decide(after, call), decide(before, call));
      }),
      runs(40),
    );
  });

  it('a flow of a policy in shadow changes no decision', () => {
    fc.assert(
      fc.property(document, flow, seen, (policy, added, all) => {
        const before = compilePolicy({ ...policy, enforcement: 'shadow' });
        const after = compilePolicy({ ...policy, enforcement: 'shadow', flow: added });
        expect(after.needs).toEqual(before.needs);
        for (const call of all) {
          expect(meaningOf(decide(after, call))).toBe(meaningOf(decide(before, call)));
        }
      }),
      runs(10),
    );
  });

  it('an explanation says what is decided', () => {
    fc.assert(
      fc.property(document, flow, seen, (policy, added, all) => {
        const one = compilePolicy({ ...policy, flow: added });
        for (const { info, call, context } of all) {
          const decision = decide(one, { info, call, context });
          const explanation = one.explain({
            tool: info.identity.name,
            source: info.identity.source,
            args: call.args,
            context,
            ...(info.facts.why === 'stated by the developer'
              ? { facts: info.facts.money ? 'money' : 'readOnly' }
              : {}),
            ...(call.flow === undefined ? {} : { flow: call.flow }),
          });
          expect(explanation.verdict).toBe(decision?.effect ?? 'none');
          if (decision !== undefined) expect(explanation.obligations).toEqual(decision.obligations);
          if (decision?.effect === 'ask') {
            expect(explanation.rule).toBe(decision.rule);
            expect(explanation.requirements).toEqual(decision.requirements);
          }
        }
      }),
      runs(10),
    );
  });
});
