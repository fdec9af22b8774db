import { compilePolicy, type PolicyDocument } from '@guardstile/policy';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';

import { document } from '../../policy/test/arbitrary.ts';
import { loadPolicy } from './load-policy.ts';

/** A function is the one part of a policy that is no data. */
function withoutFunctions({ rules, ...rest }: PolicyDocument): PolicyDocument {
  if (rules === undefined) return rest;
  const isData = ([key]: [string, unknown]): boolean => key !== 'when';
  return {
    ...rest,
    rules: rules.map(
      (rule) => Object.fromEntries(Object.entries(rule).filter(isData)) as typeof rule,
    ), // but for that
  };
}

describe('a policy in a file', () => {
  it.each([
    ['YAML', (value: object) => stringify(value, { aliasDuplicateObjects: false })],
    ['JSON', (value: object) => JSON.stringify(value)],
  ] as const)('means the same as in code, as %s', (_, write) => {
    fc.assert(
      fc.property(document.map(withoutFunctions), (policy) => {
        const file = loadPolicy({ text: write({ version: 1, ...policy }), name: 'p.yaml' });
        // The digest names the meaning: of the same rules in another order it is the same.
        expect(file.digest({})).toBe(compilePolicy(policy).digest({}));
        expect(file.layer).toBe(compilePolicy(policy).layer);
      }),
      { numRuns: 500 },
    );
  });
});
