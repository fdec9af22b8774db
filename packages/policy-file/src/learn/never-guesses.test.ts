import { createGuard, memoryAudit } from '@guardstile/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { loadPolicy } from '../load-policy.ts';
import { comparePolicies } from './compare-policies.ts';

const long = 'x'.repeat(5000);
const SECRET = 'sk-abcdefghijklmnopqrstuvwxyz012345';
const text = fc.constantFrom('a', 'b', long, `${long}b`, SECRET, `is ${SECRET}`, '[redacted]');
const scalar = fc.oneof(text, fc.constantFrom(5, Number.NaN, 12n, null, undefined));
const value = fc.oneof(
  { weight: 5, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { minLength: 1, maxLength: 2 }) },
  fc.constant([...Array.from({ length: 2500 }, () => 'a'), 'b']),
  fc.dictionary(fc.constantFrom('a', 'token'), scalar, { maxKeys: 2 }),
  fc.constantFrom(new Uint8Array([1, 2]), new Date(0)),
);
const args = fc.record({ a: value, password: value }, { requiredKeys: [] });

const operators = fc.oneof(
  fc.record({ eq: fc.constantFrom<string | number | null>('a', 'b', 5, null, '[redacted]') }),
  fc.record({ startsWith: fc.constantFrom('a', 'x', 's', 'i', '[') }),
  fc.record({ endsWith: fc.constantFrom('x', 'b', 'characters]', '5') }),
  fc.record({ lt: fc.constant(6) }),
  fc.record({ exists: fc.boolean() }),
);
const condition = fc.oneof(
  operators,
  fc.record({ not: operators }),
  fc.record({ every: operators }),
  fc.record({ some: operators }),
  operators.map((inner) => ({ where: { token: inner } })),
);
const rule = fc.record(
  {
    effect: fc.constantFrom('allow', 'ask', 'deny'),
    where: fc.oneof(
      condition.map((a) => ({ a })),
      condition.map((password) => ({ password })),
    ),
    who: fc.constantFrom({ role: 'staff' }, { id: 'ann', tenant: 't' }, { tenant: 'u' }),
  },
  { requiredKeys: ['effect', 'where'] },
);
const document = fc.record(
  {
    rules: fc.array(rule, { minLength: 1, maxLength: 2 }),
    default: fc.constantFrom('allow', 'ask', 'deny'),
    capabilities: fc.constant({ grant: 'full', paths: ['/data'] }),
  },
  { requiredKeys: ['rules'] },
);

describe('a replay', () => {
  it('tells only what a guard would have decided, whatever the log hides', async () => {
    let told = 0;
    let untold = 0;
    await fc.assert(
      fc.asyncProperty(args, document, async (given, policy) => {
        const rules = policy.rules.map((one, i) => ({ ...one, id: `r${i}`, tool: 'read_it' }));
        const after = {
          text: JSON.stringify({ version: 1, ...policy, rules }),
          name: 'after.json',
        };
        const context = { principal: { id: 'ann', tenant: 't', roles: ['staff'] } };
        const audit = memoryAudit();
        const call = { tool: 'read_it', args: given };
        await createGuard({ policy: () => 'allow', audit, context }).call(call, () => 1);
        const real = await createGuard({ policy: loadPolicy(after), context }).decide(call);
        // An ask for everything, with a person whom no rule names: every verdict is another one.
        const before = { text: 'version: 1\ndefault: ask', name: 'before.yaml' };
        const { replay } = await comparePolicies(before, after);
        const report = await replay(await audit.query());
        if (report.untold.length > 0) {
          untold += 1;
          return;
        }
        told += 1;
        const effect = report.changed[0]?.after.effect ?? 'ask';
        expect(effect).toBe(real.effect);
      }),
      { numRuns: 400 },
    );
    // Not because it tells nothing, nor because nothing is hidden.
    expect(told).toBeGreaterThan(50);
    expect(untold).toBeGreaterThan(20);
  });
});
