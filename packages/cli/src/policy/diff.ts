import { comparePolicies, type PolicyDifference, type ReplayReport } from '@guardstile/policy-file';
import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { describeDifferences, describeReplay } from './diff-report.ts';
import { factsOfFiles, refusingTampered, verifiedLogs } from './learn-logs.ts';
import { loadTools } from './load-tools.ts';
import { setsOf } from './explain.ts';
import { repeated } from './repeated.ts';

interface Options {
  readonly replay?: readonly string[];
  readonly tools?: string;
  readonly facts?: readonly string[];
  readonly set?: readonly string[];
  readonly hmacKeyFile?: string;
  readonly json?: true;
}

/** Some recorded calls cannot be told; no other changes. */
const UNTOLD: ExitCode = 6;

/** `guardstile policy diff` */
export function diffCommand(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('diff')
    .description('Say what changes from one policy file to another.')
    .argument('<old>', 'policy file (YAML or JSON)')
    .argument('<new>', 'policy file that may take its place')
    .option('--replay <log>', 'a log whose recorded calls are decided under both', repeated)
    .option(
      '--tools <module>',
      'module that exports the tools: rules about none of them are refused',
    )
    .option('--facts <policy>', 'a policy file that states what tools do, beside the two', repeated)
    .option('--set <name=value,value>', 'members of a set that the application gives', repeated)
    .option(
      '--hmac-key-file <file>',
      'checks in addition that every entry was written with this key',
    )
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
Without --replay: what the files say differently. Whatever is not known to only take away may widen.

With --replay also: every call in the logs (a directory of a file log, of several, or a database) is
decided under both files, and those whose verdict changes, or what it needs, are listed by tool and
change, with the rules that decide. A log holds neither secrets nor long values nor roles: a call
whose verdict needs one is counted as "cannot tell". What tools do comes from the files, from --facts
and from names. A call counts once, however often it was asked about. Hooks, other layers and what
the framework demands are not replayed. Logs are verified first, and those that were tampered with
are refused. --replay, --facts and --set can stand several times.

Exit codes, without --replay of the files, with it of the recorded calls:
  0  nothing changes
  1  something changes, and nothing widens
  2  wrong use, or a log or file that cannot be read
  3  a policy file is invalid
  4  something widens (without --replay: may widen)
  5  a log was tampered with
  6  no recorded call changes that can be told, and some cannot

Example:
  guardstile policy diff policies/bank.yaml policies/bank-next.yaml --replay logs/guard`,
    )
    .action(async (before: string, after: string, options: Options) => {
      finish(await refusingTampered(io, () => diff(before, after, options, io)));
    });
}

async function diff(before: string, after: string, options: Options, io: Io): Promise<ExitCode> {
  const { replay: paths, tools, facts, set, hmacKeyFile, json } = options;
  const comparison = await comparePolicies(before, after, {
    facts: factsOfFiles(facts),
    ...(set === undefined ? {} : { sets: setsOf(set) }),
    ...(tools === undefined ? {} : { tools: await loadTools(tools) }),
  });
  const { differences } = comparison;
  const replay =
    paths === undefined
      ? undefined
      : await comparison.replay(verifiedLogs(paths, hmacKeyFile).entries());
  if (json === true) {
    io.out(`${JSON.stringify({ differences, ...(replay === undefined ? {} : { replay }) })}\n`);
  } else {
    io.out(describeDifferences(differences));
    if (replay !== undefined) io.out(describeReplay(replay));
  }
  return replay === undefined ? codeOf(differences) : codeOfReplay(replay);
}

function codeOf(differences: readonly PolicyDifference[]): ExitCode {
  if (differences.length === 0) return 0;
  return differences.some(({ widens }) => widens) ? 4 : 1;
}

function codeOfReplay({ changed, untold }: ReplayReport): ExitCode {
  if (changed.some(({ widens }) => widens)) return 4;
  if (changed.length > 0) return 1;
  return untold.length > 0 ? UNTOLD : 0;
}
