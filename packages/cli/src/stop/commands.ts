import { Command, Option } from 'commander';

import type { PlaceOptions } from '../approvals/read-config.ts';
import type { ExitCode, Io } from '../io.ts';
import { resume } from './resume.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { status } from './status.ts';
import { stop } from './stop.ts';

interface StopOptions extends PlaceOptions {
  readonly reason?: string;
  readonly status?: true;
  readonly json?: true;
}

type Finish = (code: ExitCode) => void;

/** `guardstile stop` */
export function stopCommand(io: Io, finish: Finish): Command {
  const command = new Command('stop')
    .description('Stop every tool call of the programs that share a stop switch, at once.')
    .argument('<file>', 'what the programs gave sqliteStopSwitch(), such as limits.db')
    .option('--reason <text>', 'what whoever is refused is told; needed to stop')
    .addOption(new Option('--status', 'only look: is it thrown, and why').conflicts('reason'))
    .addHelpText(
      'after',
      `
Nothing starts any more, nobody is asked any more, and what runs or waits for an answer ends within a
second, in every process. It stays so until \`guardstile resume\`, also when the programs are restarted.
${EXIT_CODES}

Examples:
  guardstile stop limits.db --reason "incident 7"
  guardstile stop limits.db --status`,
    );
  return withLog(command).action(async (path: string, options: StopOptions) => {
    finish(await (options.status === true ? status : stop)(io, path, options));
  });
}

/** `guardstile resume` */
export function resumeCommand(io: Io, finish: Finish): Command {
  const command = new Command('resume')
    .description('Lift every stop: tool calls may start again.')
    .argument('<file>', 'the same file')
    .addHelpText('after', EXIT_CODES);
  return withLog(command).action(async (path: string, options: StopOptions) => {
    finish(await resume(io, path, options));
  });
}

function withLog(command: Command): Command {
  return command
    .option('--json', 'for machines')
    .option('--config <file>', 'JSON file: { "voter": { "id" }, "audit", "auditKeyFile" }')
    .option('--audit <directory>', 'log of these commands’ own, for who did it')
    .option('--audit-key-file <file>', 'its key; otherwise GUARDSTILE_AUDIT_KEY');
}
