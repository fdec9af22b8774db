import { type GuardOptions, layers, type Policy } from '@guardstile/core';
import { createDataFlow, flowPolicy, type FlowSpec } from '@guardstile/data-flow';
import { approvers } from './approvers.ts';
import type { Contender, Prepared } from './contender.ts';
import { denying } from './deny-mode.ts';
import { loadSuitePolicy } from './load-suite-policy.ts';
import { recordedFormat } from './recorded-result.ts';

function flowContender(
  name: string,
  title: string,
  change: (flow: unknown) => unknown,
): Contender {
  return {
    name,
    title,
    prepare(ground): Prepared {
      const { suite, policies } = ground;
      const { flow: file } = policies;
      if (file === undefined) {
        return { kind: 'left-out', why: `there is no ${suite.suite}-flow.yaml` };
      }
      const { flow, ...rest } = file.document;
      const names = suite.tools.map((tool) => tool.name);
      const rules = loadSuitePolicy({ path: file.path, document: rest }, ground);
      const spec = change(flow) as FlowSpec; // flowPolicy says what is wrong with it
      const unknown = Object.keys(spec.tools ?? {}).find((tool) => !names.includes(tool));
      if (unknown !== undefined) {
        throw new Error(`${file.path}: flow: the suite ${suite.suite} has no tool ${unknown}`);
      }
      const policy: Policy = layers([
        { name: 'rules', grants: rules },
        { name: 'flow', restricts: flowPolicy(spec) },
      ]);
      const formats = Object.fromEntries(names.map((tool) => [tool, recordedFormat]));
      const guard = (): GuardOptions => ({
        policy,
        facts: file.facts,
        approver: approvers,
        dataFlow: createDataFlow({ formats }),
      });
      return { kind: 'ready', guard };
    },
  };
}

export const flowContenders: readonly Contender[] = [
  flowContender('flow', 'where values come from; what comes from elsewhere asks', (flow) => flow),
  flowContender('flow-deny', 'the same, denying what only content names', denying),
];
