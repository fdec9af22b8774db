import { isGuardError } from '@guardstile/core';
import { describeExplanation } from '@guardstile/policy';
import { contextOf, loadPolicy, readSeen, seenFlow } from '@guardstile/policy-file';
import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { repeated } from './repeated.ts';

interface Options {
  readonly as?: string;
  readonly role?: readonly string[];
  readonly tenant?: string;
  readonly agent?: string;
  readonly source?: string;
  readonly set?: readonly string[];
  readonly seen?: string;
  readonly json?: true;
}

/** `guardstile policy explain` */
export function explainCommand(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('explain')
    .description('Say what a policy decides of one call, and why.')
    .argument('<file>', 'policy file (YAML or JSON)')
    .argument('<tool>', 'name of the tool')
    .argument('[args]', 'arguments of the call as JSON', '{}')
    .option('--as <id>', 'who calls')
    .option('--role <role>', 'a role of whoever calls; several times for several', repeated)
    .option('--tenant <tenant>', 'the tenant of whoever calls')
    .option('--agent <agent>', 'the agent that calls')
    .option('--source <source>', 'where the tool comes from, such as the name of an MCP server')
    .option('--set <name=value,value>', 'members of a set that the application gives', repeated)
    .option('--seen <file>', 'what the session has seen before (JSON or YAML)')
    .option('--json', 'for machines')
    .addHelpText(
      'after',
      `
Names the rule that decided, every rule that was considered and why it did not match, and the allow
that came nearest to a denied call. The file’s examples stand for sets that are not given.

Where the file has a flow, it says where the values of the call were seen. What the session has seen is
a list, as a test has it under seen; without --seen it has seen nothing:

  [ { "prompt": "Pay my rent" },
    { "tool": "list_payments", "result": [ { "recipient": "GB29…", "note": "…" } ] },
    { "tool": "read_file", "error": "no such file" } ]

Exit codes:
  0  allowed      2  wrong use
  1  asked        3  the file is invalid
  4  denied

Example:
  guardstile policy explain policies/bank.yaml send_money '{"recipient":"X","amount":900}' --as ann --seen seen.json`,
    )
    .action(async (file: string, tool: string, args: string, options: Options) => {
      const { as, role, tenant, agent, source, set = [] } = options;
      const policy = loadPolicy(file, { sets: setsOf(set), examples: true });
      const context = contextOf({
        as: {
          ...(as === undefined ? {} : { id: as }),
          ...(role === undefined ? {} : { role }),
          ...(tenant === undefined ? {} : { tenant }),
          ...(agent === undefined ? {} : { agent }),
        },
      });
      const seen = options.seen === undefined ? [] : seenIn(options.seen);
      const explanation = policy.explain({
        tool,
        args: parsed(args),
        context,
        flow: await seenFlow(policy, seen, { context, facts: policy.facts }),
        ...(source === undefined ? {} : { source }),
      });
      if (options.json === true) io.out(`${JSON.stringify(explanation)}\n`);
      else io.out(`${describeExplanation(explanation)}\n`);
      finish(CODES[explanation.verdict]);
    });
}

const CODES: Readonly<Record<'allow' | 'ask' | 'deny' | 'none', ExitCode>> = {
  allow: 0,
  none: 0,
  ask: 1,
  deny: 4,
};

function seenIn(path: string): ReturnType<typeof readSeen> {
  try {
    return readSeen(path);
  } catch (cause) {
    if (isGuardError(cause)) throw cause;
    const why = isMissing(cause)
      ? 'there is no such file'
      : cause instanceof Error
        ? cause.message
        : String(cause);
    throw new Error(`--seen ${path} cannot be read: ${why}`, { cause });
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** What `--set NAME=VALUE,VALUE` gives, where it stands several times. */
export function setsOf(given: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    given.map((text) => {
      const [, name, members = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      if (name === undefined) throw new Error(`--set ${text}: write NAME=VALUE,VALUE`);
      return [name, members === '' ? [] : members.split(',')];
    }),
  );
}

function parsed(args: string): unknown {
  try {
    return JSON.parse(args);
  } catch (cause) {
    throw new Error(`the arguments have to be JSON, such as '{"amount":900}': ${args}`, { cause });
  }
}
