import type { GuardOptions } from '@guardstile/core';
import { approvers } from './approvers.ts';
import type { Contender } from './contender.ts';
import { loadSuitePolicy } from './load-suite-policy.ts';

/** Lists and amounts, as a policy file says them: nothing about where a value came from. */
export const rulesContender: Contender = {
  name: 'rules',
  title: 'static rules on arguments: lists and amounts',
  prepare(ground) {
    const { rules } = ground.policies;
    if (rules === undefined) {
      return { kind: 'left-out', why: `there is no ${ground.suite.suite}.yaml` };
    }
    const policy = loadSuitePolicy(rules, ground);
    const { facts } = rules;
    return { kind: 'ready', guard: (): GuardOptions => ({ policy, facts, approver: approvers }) };
  },
};
