import type { PlaceOptions } from '../approvals/read-config.ts';
import type { ExitCode, Io } from '../io.ts';
import { FAILED } from './exit-codes.ts';
import { withSwitch } from './with-switch.ts';
import { writeDown } from './write-down.ts';

interface Options extends PlaceOptions {
  readonly json?: true;
}

/** Lets calls start again, which is written down first. */
export async function resume(io: Io, path: string, options: Options): Promise<ExitCode> {
  return withSwitch(io, path, async (stopSwitch) => {
    const stops = stopSwitch.stops();
    const reasons = stops.map(({ reason }) => reason);
    const failed =
      stops.length === 0
        ? undefined
        : await writeDown({ action: 'stop.lifted', path, reasons }, options);
    if (failed !== undefined) {
      io.error(`guardstile: calls stay stopped: who lifts it was not written down: ${failed}\n`);
      return FAILED;
    }
    // Those that were written down: what is thrown meanwhile stays.
    for (const { lift } of stops) lift();
    io.out(options.json === true ? `${JSON.stringify({ lifted: reasons })}\n` : said(stops.length));
    return 0;
  });
}

function said(lifted: number): string {
  if (lifted === 0) return 'calls were not stopped\n';
  return `lifted ${lifted === 1 ? 'the stop' : `${lifted} stops`}: calls may start again\n`;
}
