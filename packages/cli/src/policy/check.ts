import { checkPolicyFile, type PolicyFileReport } from '@guardstile/policy-file';
import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { describeReport } from './describe-report.ts';
import { loadTools } from './load-tools.ts';

interface Options {
  readonly tools?: string;
  readonly json?: true;
}

/** `guardstile policy check` */
export function checkCommand(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('check')
    .description('Find everything that is wrong with policy files, and run their tests.')
    .argument('<file...>', 'policy files (YAML or JSON)')
    .option('--tools <module>', 'module that exports the tools, as `tools` or by default')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
Finds what a file cannot be loaded with: unknown keys, operators, effects and modes, duplicate ids,
wrong values. Warns of rules that can never decide, conditions that contradict each other, limits that
a new session evades, labels that no rule uses, origins that no label gives, and sets that nothing uses. With --tools also: rules, tests and facts about no tool (a test that means it says
unknown: true), and conditions that contradict what the tools take.

Exit codes:
  0  nothing found, tests passed
  1  warnings only
  2  wrong use
  3  the file is invalid
  4  its tests failed

Example:
  guardstile policy check policies/*.yaml --tools src/tools.ts`,
    )
    .action(async (files: readonly string[], { tools: module, json }: Options) => {
      const tools = module === undefined ? {} : { tools: await loadTools(module) };
      const reports: PolicyFileReport[] = [];
      for (const file of files) reports.push(await checkPolicyFile(file, tools));
      if (json === true) io.out(`${JSON.stringify(reports)}\n`);
      else for (const report of reports) io.out(describeReport(report));
      finish(worst(reports));
    });
}

function worst(reports: readonly PolicyFileReport[]): ExitCode {
  if (reports.some(({ errors }) => errors.length > 0)) return 3;
  if (reports.some(({ tests }) => tests.some(({ passed }) => !passed))) return 4;
  return reports.some(({ warnings }) => warnings.length > 0) ? 1 : 0;
}
