import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { keygenCommand } from './keygen.ts';
import { showCommand } from './show.ts';
import { verifyCommand } from './verify.ts';

/** `guardstile audit ...` */
export function auditCommands(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('audit')
    .description('Read and verify audit logs.')
    .addCommand(verifyCommand(io, finish))
    .addCommand(showCommand(io, finish))
    .addCommand(keygenCommand(io));
}
