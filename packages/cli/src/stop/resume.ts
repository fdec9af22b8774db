import { visible } from '@guardstile/core';

import type { PlaceOptions } from '../approvals/read-config.ts';
import type { ExitCode, Io } from '../io.ts';
import { FAILED, STOPPED } from './exit-codes.ts';
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
    const again = stopSwitch.stops()[0]?.reason;
    io.out(
      options.json === true
        ? `${JSON.stringify({ lifted: reasons })}\n`
        : said(stops.length, again),
    );
    return again === undefined ? 0 : STOPPED;
  });
}

function said(lifted: number, again: string | undefined): string {
  if (lifted === 0) return 'calls were not stopped\n';
  const what = `lifted ${lifted === 1 ? 'the stop' : `${lifted} stops`}`;
  return again === undefined
    ? `${what}: calls may start again\n`
    : `${what}; calls are stopped again: ${visible(again)}\n`;
}
