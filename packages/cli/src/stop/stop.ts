import type { PlaceOptions } from '../approvals/read-config.ts';
import type { ExitCode, Io } from '../io.ts';
import { FAILED } from './exit-codes.ts';
import { withSwitch } from './with-switch.ts';
import { writeDown } from './write-down.ts';

interface Options extends PlaceOptions {
  readonly reason?: string;
  readonly json?: true;
}

/** Throws the switch first: nothing that has to do with a log delays it. */
export async function stop(io: Io, path: string, options: Options): Promise<ExitCode> {
  const { reason, json } = options;
  if (reason === undefined) throw new Error('pass --reason TEXT, or --status to look');
  let thrown = false;
  const code = await withSwitch(io, path, async (stopSwitch) => {
    stopSwitch.stop(reason);
    thrown = true;
    const stopped = stopSwitch.stops().map((one) => one.reason);
    io.out(json === true ? `${JSON.stringify({ stopped })}\n` : SAID);
    const failed = await writeDown({ action: 'stop.thrown', path, reasons: [reason] }, options);
    if (failed === undefined) return 0;
    io.error(`guardstile: calls are stopped, but who did it was not written down: ${failed}\n`);
    return FAILED;
  });
  if (!thrown) io.error(NOT_THROWN);
  return code;
}

const SAID = 'stopped: nothing starts, and what runs or waits for an answer ends within a second\n';
// A switch that cannot be read counts as thrown.
const NOT_THROWN =
  'guardstile: calls are not stopped; moving the file away stops the programs that have it open\n';
