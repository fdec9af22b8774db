import type { ExitCode } from '../io.ts';

/** Somebody has stopped them. */
export const STOPPED: ExitCode = 1;
/** The file or the log failed. */
export const FAILED: ExitCode = 6;

export const EXIT_CODES = `
Exit codes:
  0  done; of --status: calls may start
  1  of --status: calls are stopped; of resume: they were stopped again meanwhile
  2  wrong use, or there is no such file
  6  the file failed, or the log: what was done all the same is said

Whoever can write the file can do this. Where a log of these commands is named (--config, --audit or
the environment, as for \`guardstile approvals\`), who did it is written down: a stop afterwards, so that
nothing delays it, and a resume before.`;
