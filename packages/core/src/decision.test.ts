import { describe, expect, it } from 'vitest';
import { CONFIRM } from './approvals/requirements.ts';
import { allow, ask, deny } from './decision.ts';

const policy = 'sha256:0' as const;

describe('a decision', () => {
  it('is frozen and demands nothing of its own', () => {
    const decisions = [allow(policy, 'fine'), ask(policy, 'sure?', CONFIRM), deny(policy, 'no')];
    for (const decision of decisions) {
      expect(Object.isFrozen(decision)).toBe(true);
      expect(decision).toMatchObject({ policy, obligations: [], limits: [], conditions: {} });
      for (const part of [decision.obligations, decision.limits, decision.conditions]) {
        expect(Object.isFrozen(part)).toBe(true);
      }
    }
  });

  it('carries exactly the fields of its effect', () => {
    expect(allow(policy, 'fine')).not.toHaveProperty('requirements');
    expect(ask(policy, 'sure?', CONFIRM)).not.toHaveProperty('code');
    expect(deny(policy, 'no').code).toBe('denied');
    expect(deny(policy, 'no', 'stopped', { rule: 'r1' })).toMatchObject({
      code: 'stopped',
      rule: 'r1',
    });
  });
});
