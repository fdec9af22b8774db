import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { checkCommand } from './check.ts';
import { diffCommand } from './diff.ts';
import { explainCommand } from './explain.ts';
import { flowCommand } from './flow.ts';
import { keygenCommand } from './keygen.ts';
import { learnCommand } from './learn.ts';
import { schemaCommand } from './schema.ts';
import { signCommand } from './sign.ts';
import { testCommand } from './test.ts';

/** `guardstile policy ...` */
export function policyCommands(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('policy')
    .description('Check, explain, test, compare, learn and sign policy files.')
    .addHelpText(
      'after',
      `
A policy file says which tool calls an agent may make by itself, which need a person, and which
never run:

  version: 1
  rules:
    - { id: reads,  effect: allow, tool: 'read_*' }
    - { id: refund, effect: allow, tool: refund, where: { amount: { gt: 0, lte: 500 } } }
    - { id: large,  effect: ask,   tool: refund, where: { amount: { gt: 100 } }, approve: { by: 'role:finance' } }
  tests:
    - { call: refund, args: { amount: 900 }, expect: deny }

Deny goes before ask, ask before allow, in any order. What no rule allows is denied.`,
    )
    .addCommand(checkCommand(io, finish))
    .addCommand(explainCommand(io, finish))
    .addCommand(testCommand(io, finish))
    .addCommand(flowCommand(io, finish))
    .addCommand(schemaCommand(io))
    .addCommand(diffCommand(io, finish))
    .addCommand(learnCommand(io, finish))
    .addCommand(keygenCommand(io))
    .addCommand(signCommand(io, finish));
}
