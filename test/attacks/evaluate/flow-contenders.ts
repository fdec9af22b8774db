import type { GuardOptions } from '@guardstile/core';
import { createDataFlow } from '@guardstile/data-flow';
import { approvers } from './approvers.ts';
import type { Contender, Prepared } from './contender.ts';
import { denying } from './deny-mode.ts';
import { loadSuitePolicy } from './load-suite-policy.ts';
import { recordedFormat } from './recorded-result.ts';
import type { SuitePolicy } from './suite-policies.ts';

function flowContender(
  name: string,
  title: string,
  change: (policy: SuitePolicy) => SuitePolicy,
): Contender {
  return {
    name,
    title,
    prepare(ground): Prepared {
      const { suite, policies } = ground;
      if (policies.flow === undefined) {
        return { kind: 'left-out', why: `there is no ${suite.suite}-flow.yaml` };
      }
      const { facts } = policies.flow;
      const policy = loadSuitePolicy(change(policies.flow), ground);
      const formats = Object.fromEntries(suite.tools.map((tool) => [tool.name, recordedFormat]));
      const guard = (): GuardOptions => ({
        policy,
        facts,
        approver: approvers,
        // Its memory is of one session: that of one run.
        dataFlow: createDataFlow({ formats }),
      });
      return { kind: 'ready', guard };
    },
  };
}

export const flowContenders: readonly Contender[] = [
  flowContender('flow', 'where values come from; what comes from elsewhere asks', (all) => all),
  flowContender('flow-deny', 'the same, denying what only content names', denying),
];
