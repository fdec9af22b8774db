import { visible } from '@guardstile/core';

import type { ExitCode, Io } from '../io.ts';
import { STOPPED } from './exit-codes.ts';
import { withSwitch } from './with-switch.ts';

/** Says whether calls are stopped. */
export async function status(
  io: Io,
  path: string,
  { json }: { readonly json?: true },
): Promise<ExitCode> {
  return withSwitch(io, path, (stopSwitch) => {
    const reasons = stopSwitch.stops().map(({ reason }) => reason);
    if (json === true) io.out(`${JSON.stringify({ stopped: reasons })}\n`);
    else if (reasons.length === 0) io.out('calls may start\n');
    else for (const reason of reasons) io.out(`calls are stopped: ${visible(reason)}\n`);
    return reasons.length === 0 ? 0 : STOPPED;
  });
}
