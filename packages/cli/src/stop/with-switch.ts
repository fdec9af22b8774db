import { statSync } from 'node:fs';

import { isGuardError } from '@guardstile/core';
import { sqliteStopSwitch, type SqliteStopSwitch } from '@guardstile/limits';

import type { ExitCode, Io } from '../io.ts';
import { FAILED } from './exit-codes.ts';

/** Does something with the stop switch in a file that is there, and closes it. */
export async function withSwitch(
  io: Io,
  path: string,
  act: (stopSwitch: SqliteStopSwitch) => ExitCode | Promise<ExitCode>,
): Promise<ExitCode> {
  // A new one would stop nobody, and nobody would wonder.
  const file = statSync(path, { throwIfNoEntry: false });
  if (file?.isFile() !== true || file.size === 0) {
    throw new Error(`there is no stop switch ${path}; name the programs’ own`);
  }
  let stopSwitch: SqliteStopSwitch | undefined;
  try {
    stopSwitch = sqliteStopSwitch(path);
    return await act(stopSwitch);
  } catch (error) {
    if (!isGuardError(error)) throw error;
    io.error(`guardstile: ${error.message} [${error.code}]\n`);
    return FAILED;
  } finally {
    stopSwitch?.close();
  }
}
