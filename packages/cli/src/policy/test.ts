import { checkPolicyFile, type PolicyTestResult } from '@guardstile/policy-file';
import { visible } from '@guardstile/core';
import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { describeErrors, describeTests, testsOf } from './describe-report.ts';

/** `guardstile policy test` */
export function testCommand(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('test')
    .description('Run the tests that policy files bring.')
    .argument('<file...>', 'policy files (YAML or JSON)')
    .option('--verbose', 'list the tests that passed, too')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
A test is a call and what has to be decided of it:

  tests:
    - { call: refund, args: { amount: 900 }, as: { id: ann, role: support }, expect: ask, rule: large }
    - { seen: [{ prompt: Refund X4 }, { tool: read, result: [{ id: X4 }] }], call: refund, args: { id: X4 }, expect: allow }

What stands under seen is what the session has seen before, for a policy with a flow.

Exit codes:
  0  all passed
  2  wrong use, or there is no test
  3  the file is invalid
  4  a test failed`,
    )
    .action(async (files: readonly string[], { verbose, json }: Options) => {
      const all: PolicyTestResult[] = [];
      let invalid = false;
      for (const file of files) {
        const { errors, tests: results } = await checkPolicyFile(file);
        for (const text of describeErrors(errors)) io.error(`${text}\n`);
        invalid ||= errors.length > 0;
        all.push(...results);
        if (json === true || errors.length > 0) continue;
        if (verbose === true) for (const { passed, name } of results) io.out(listed(passed, name));
        for (const text of describeTests(results)) io.out(`${text}\n`);
        const failed = results.filter(({ passed }) => !passed).length;
        io.out(`${visible(file)}: ${testsOf(results.length, failed)}\n`);
      }
      if (json === true) io.out(`${JSON.stringify(all)}\n`);
      if (invalid) finish(3);
      else if (all.length === 0) finish(2);
      else if (all.some(({ passed }) => !passed)) finish(4);
    });
}

interface Options {
  readonly verbose?: true;
  readonly json?: true;
}

function listed(passed: boolean, name: string): string {
  return `  ${passed ? 'ok    ' : 'FAILED'}  ${visible(name)}\n`;
}
