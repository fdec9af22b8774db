import { type Approver, describeRequirement } from '@guardstile/core';

import type { DemoOptions } from './options.ts';
import type { Screen } from './screen.ts';

/** Who answers asks, and in words who that is. */
export interface ChosenApprover {
  readonly approver: Approver;
  readonly words: string;
}

export function chooseApprover(
  answer: DemoOptions['answer'],
  screen: Screen,
  terminalApprover: () => Approver,
): ChosenApprover {
  if (answer !== undefined) {
    return { approver: flagApprover(answer, screen), words: `answered by --${answer}` };
  }
  const approver = terminalApprover();
  return { approver, words: wordsFor(approver) };
}

function wordsFor({ name }: Approver): string {
  if (name !== 'terminal') return 'approved by GUARDSTILE_AUTO_APPROVE, without a person';
  if (process.stdin.isTTY && process.stderr.isTTY) return 'answered by you, here';
  return 'denied: there is no terminal to ask at; --approve or --deny would answer instead';
}

/** Answers instead of a person, and prints what a person would have been shown. */
function flagApprover(verdict: 'approve' | 'deny', screen: Screen): Approver {
  return {
    name: `--${verdict}`,
    ask({ tool, args, requirements, context }) {
      screen.line(`   ┌ ${tool.name} wants to run with exactly`);
      for (const [name, value] of Object.entries(args as object)) {
        screen.line(`   │   ${name}: ${JSON.stringify(value)}`);
      }
      const needed = requirements.votes.map(describeRequirement).join(' and ');
      screen.line(`   └ needs ${needed} (${context.principal?.id}); answered by --${verdict}`);
      return verdict;
    },
  };
}
