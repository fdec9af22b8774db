import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { checkProofCommand } from './check-proof.ts';
import { exportCommand } from './export.ts';
import { keygenCommand } from './keygen.ts';
import { proveCommand } from './prove.ts';
import { showCommand } from './show.ts';
import { statsCommand } from './stats.ts';
import { tailCommand } from './tail.ts';
import { verifyCommand } from './verify.ts';

/** `guardstile audit ...` */
export function auditCommands(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('audit')
    .description('Read and verify audit logs.')
    .addCommand(verifyCommand(io, finish))
    .addCommand(tailCommand(io))
    .addCommand(showCommand(io, finish))
    .addCommand(statsCommand(io))
    .addCommand(proveCommand(io))
    .addCommand(checkProofCommand(io))
    .addCommand(exportCommand(io))
    .addCommand(keygenCommand(io));
}
