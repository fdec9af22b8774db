import { primaryCodeOf } from './store-error.ts';

/** How long the file is waited for while other processes write, in milliseconds. */
const BUSY_MS = 5000;
/** At most so long until it is looked for again. SQLite itself sleeps so long that the others are first every time. */
const PAUSE_MS = 2;
const BUSY = 5;

const nothing = new Int32Array(new SharedArrayBuffer(4));

/** Tries again while another process holds the file. The work must not have begun to change anything. */
export function patiently<T>(work: () => T): T {
  const end = performance.now() + BUSY_MS;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (primaryCodeOf(error) !== BUSY || performance.now() > end) throw error;
      Atomics.wait(nothing, 0, 0, Math.random() * PAUSE_MS);
    }
  }
}
