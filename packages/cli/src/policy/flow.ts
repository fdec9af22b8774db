import { visible } from '@guardstile/core';
import { describeFlowReport } from '@guardstile/data-flow';
import { type AgentFlow, policyFlow } from '@guardstile/policy-file';
import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { setsOf } from './explain.ts';
import { loadTools } from './load-tools.ts';
import { repeated } from './repeated.ts';

interface Options {
  readonly tools?: string;
  readonly set?: readonly string[];
  readonly json?: true;
}

/** `guardstile policy flow` */
export function flowCommand(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('flow')
    .description('Say which tools bring data in and let it out, and what that comes to.')
    .argument('<file>', 'policy file (YAML or JSON)')
    .option('--tools <module>', 'module that exports the tools, as `tools` or by default')
    .option('--set <name=value,value>', 'members of a set that the application gives', repeated)
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
Goes by the labels and sinks under flow, and where it states none by what the file states of tools under
facts, or what their names suggest. It is about every tool that the file names, with --tools also about
the others; tools that never run are left out. Of users and agents with a policy of their own it says
the same of each.

Exit codes:
  0  private data, untrusted content and a way out are not all there at once
  1  one agent has all three: content can have the data sent
  2  wrong use
  3  the file is invalid

Example:
  guardstile policy flow policies/bank.yaml --tools src/tools.ts`,
    )
    .action(async (file: string, { tools, set = [], json }: Options) => {
      const flows = await policyFlow(file, {
        sets: setsOf(set),
        ...(tools === undefined ? {} : { tools: await loadTools(tools) }),
      });
      if (json === true) io.out(`${JSON.stringify(flows)}\n`);
      else io.out(flows.map(described).join('\n'));
      const hasAll = flows.some(({ report }) => report.lethalTrifecta);
      if (hasAll && json !== true) io.out(WHY_1);
      finish(hasAll ? 1 : 0);
    });
}

const WHY_1 =
  'Exit code 1, because one agent has all three; rules that guard the way out do not change that.\n';

function described({ of, report }: AgentFlow): string {
  const lines = describeFlowReport(report)
    .split('\n')
    .map((line) => visible(line));
  return [...(of === undefined ? [] : [`${visible(of)}:`]), ...lines]
    .map((line) => `${line}\n`)
    .join('');
}
