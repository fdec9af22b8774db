import { writeFileSync } from 'node:fs';

import { GuardError, visible } from '@guardstile/core';
import { learnPolicy } from '@guardstile/policy-file';
import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { describeLogs, factsOfFiles, refusingTampered, verifiedLogs } from './learn-logs.ts';
import { repeated } from './repeated.ts';

interface Options {
  readonly output?: string;
  readonly facts?: readonly string[];
  readonly hmacKeyFile?: string;
}

/** Nothing in the logs may run. */
const NOTHING: ExitCode = 4;

/** `guardstile policy learn` */
export function learnCommand(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('learn')
    .description('Propose a policy file from what audit logs hold, for somebody to review.')
    .argument('<log...>', 'directories or databases of logs')
    .option('-o, --output <file>', 'a new file for the policy; otherwise it is printed')
    .option(
      '--facts <policy>',
      'a policy file that states what tools do; several times for several',
      repeated,
    )
    .option(
      '--hmac-key-file <file>',
      'checks in addition that every entry was written with this key',
    )
    .addHelpText(
      'after',
      `
Of each tool: the values its arguments had (few values, ranges of numbers, directories, hosts), how
often it was called, and ids of calls to look at with \`guardstile audit show\`. Tools run without a
person only where --facts states that they are harmless; what moves money, destroys, changes files,
sends data out, or is not stated needs a person, to be named in the place of role:FILL-IN. What was
denied stays denied. The top of the file says what the logs do not hold.

Logs are verified first, and those that were tampered with are refused.

Exit codes:
  0  a policy was written
  2  wrong use, or a log or file that cannot be read or is there already
  3  a file of --facts is invalid
  4  the logs hold no call that ran
  5  a log was tampered with

Example:
  guardstile policy learn logs/guard --facts policies/facts.yaml -o policies/proposal.yaml
  guardstile policy check policies/proposal.yaml
  guardstile policy diff policies/now.yaml policies/proposal.yaml --replay logs/guard`,
    )
    .action(async (paths: readonly string[], options: Options) => {
      finish(await refusingTampered(io, () => learn(paths, options, io)));
    });
}

async function learn(
  paths: readonly string[],
  { output, facts, hmacKeyFile }: Options,
  io: Io,
): Promise<ExitCode> {
  const stated = factsOfFiles(facts);
  const logs = verifiedLogs(paths, hmacKeyFile);
  const { text, calls, rules, allows, covered } = await learnPolicy(logs.entries, {
    facts: stated,
    about: describeLogs(logs),
  });
  if (rules === 0) {
    io.error(
      calls === 0
        ? 'guardstile: nothing to learn: the logs hold no calls\n'
        : `guardstile: nothing to learn: of ${calls} calls none ran that a rule can be about\n`,
    );
    return NOTHING;
  }
  if (output === undefined) io.out(text);
  else write(output, text);
  io.error(
    `learned from ${calls} calls. Rules: ${rules}, of which ${allows} let calls run without a person (${covered} of the recorded ones). Review them before you use them.\n`,
  );
  return 0;
}

function write(path: string, text: string): void {
  try {
    // What somebody reviewed is not replaced by a proposal.
    writeFileSync(path, text, { flag: 'wx' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new GuardError('options_invalid', `${visible(path)} was not written: ${why}`, {
      cause: error,
    });
  }
}
