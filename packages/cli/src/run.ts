import { isGuardError } from '@guardstile/core';
import { Command, CommanderError } from 'commander';

import { approvalsCommands } from './approvals/commands.ts';
import { auditCommands } from './audit/commands.ts';
import { type ExitCode, type Io, USAGE } from './io.ts';
import { policyCommands } from './policy/commands.ts';
import { resumeCommand, stopCommand } from './stop/commands.ts';

/** Runs one command line, without the program's name; gives its exit code. */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  let code: ExitCode = 0;
  const program = new Command('guardstile')
    .description(
      'Check policies, answer approvals, read and verify audit logs, and stop everything.',
    )
    .showHelpAfterError('(guardstile --help lists the commands)')
    .configureOutput({ writeOut: io.out, writeErr: io.error })
    .exitOverride();
  const finish = (result: ExitCode): void => {
    code = result;
  };
  program.addCommand(inherit(policyCommands(io, finish), program));
  program.addCommand(inherit(approvalsCommands(io, finish), program));
  program.addCommand(inherit(auditCommands(io, finish), program));
  program.addCommand(inherit(stopCommand(io, finish), program));
  program.addCommand(inherit(resumeCommand(io, finish), program));
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return failed(error, io);
  }
}

const CODES: Readonly<Record<string, ExitCode>> = { audit_tampered: 1, policy_invalid: 3 };

/** Commands that are added keep their own settings otherwise. */
function inherit(command: Command, from: Command): Command {
  command.copyInheritedSettings(from);
  for (const child of command.commands) inherit(child, command);
  return command;
}

function failed(error: unknown, io: Io): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE;
  const message = error instanceof Error ? error.message : String(error);
  io.error(`guardstile: ${isGuardError(error) ? `${message} [${error.code}]` : message}\n`);
  return isGuardError(error) ? (CODES[error.code] ?? USAGE) : USAGE;
}
