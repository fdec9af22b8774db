import type { Effect } from '@guardstile/core';
import { compilePolicy } from '@guardstile/policy';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { policyDiff } from './policy-diff.ts';

const tools = ['read', 'write', 'pay'] as const;

const rule = fc.record(
  {
    id: fc.constantFrom('a', 'b', 'c', 'd'),
    effect: fc.constantFrom('allow', 'ask', 'deny'),
    tool: fc.constantFrom('read', 'write', 'pay', '*', 'r*'),
    where: fc.record({ n: fc.record({ gt: fc.constantFrom(1, 2) }) }),
    mode: fc.constantFrom('enforce', 'shadow'),
    approve: fc.constant({}),
    obligations: fc.constant([{ type: 'cap', characters: 5 }]),
    reason: fc.constantFrom('x', 'y'),
  },
  { requiredKeys: ['id', 'effect', 'tool'] },
);

const list = fc.uniqueArray(fc.constantFrom('read', 'write', 'pay'), { maxLength: 2 });

const document = fc
  .record(
    {
      rules: fc.uniqueArray(rule, { selector: ({ id }) => id, maxLength: 4 }),
      allow: list,
      deny: list,
      optional: list,
      default: fc.constantFrom('allow', 'ask', 'deny'),
      mode: fc.constantFrom('default', 'readOnly', 'dontAsk', 'bypassPermissions'),
      enforcement: fc.constantFrom('enforce', 'observe'),
    },
    { requiredKeys: [] },
  )
  .map((given) => {
    const { default: _, ...withMode } = given;
    const valid = given.mode === undefined ? given : withMode;
    // What is denied cannot be approved, and has no result.
    const rules = valid.rules?.map(({ approve, obligations, ...rest }) => ({
      ...rest,
      ...(approve === undefined || rest.effect === 'deny' ? {} : { approve }),
      ...(obligations === undefined || rest.effect === 'deny' ? {} : { obligations }),
    }));
    return rules === undefined ? valid : { ...valid, rules };
  });

const RANK: Readonly<Record<Effect | 'none', number>> = { none: 0, allow: 0, ask: 1, deny: 2 };

/** Changes of one part, so that most pairs differ in little. */
const pair = fc
  .tuple(document, document, fc.subarray(['rules', 'allow', 'deny', 'optional']))
  .map(([a, b, keys]) => {
    const after: Record<string, unknown> = { ...a };
    for (const key of keys) {
      const value = (b as Record<string, unknown>)[key];
      if (value === undefined) delete after[key];
      else after[key] = value;
    }
    return [a, keys.length === 0 ? b : after] as const;
  });

describe('the difference of two policies', () => {
  it('never calls a change harmless after which something runs that did not', () => {
    let narrowed = 0;
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const differences = policyDiff({ ...before }, { ...after });
        if (differences.some(({ widens }) => widens)) return;
        narrowed += differences.length > 0 ? 1 : 0;
        const [old, now] = [compilePolicy(before), compilePolicy(after)];
        for (const tool of tools) {
          for (const args of [{}, { n: 1 }, { n: 2 }, { n: 3 }]) {
            const [was, is] = [old.explain({ tool, args }), now.explain({ tool, args })];
            expect(RANK[is.verdict]).toBeGreaterThanOrEqual(RANK[was.verdict]);
            if (is.verdict !== 'deny' && after.enforcement !== 'observe') {
              expect(is.obligations.length).toBeGreaterThanOrEqual(was.obligations.length);
            }
          }
        }
      }),
      { numRuns: 3000 },
    );
    expect(narrowed).toBeGreaterThan(100);
  });

  it('is empty for the same meaning, and names what changed otherwise', () => {
    const a = { rules: [{ id: 'r', effect: 'allow', tool: 'x', where: { n: { lte: 5 } } }] };
    const b = { rules: [{ id: 'r', effect: 'allow', tool: 'x', where: { n: { lte: 9 } } }] };
    expect(policyDiff(a, structuredClone(a))).toEqual([]);
    expect(policyDiff(a, b)).toEqual([
      { text: '~ rule r: where {"n":{"lte":5}} → {"n":{"lte":9}}', widens: true },
    ]);
    expect(policyDiff(a, { ...a, deny: ['y'] })).toEqual([{ text: '+ deny y', widens: false }]);
    expect(policyDiff({ ...a, deny: ['y'] }, a)).toEqual([{ text: '- deny y', widens: true }]);
  });
});
