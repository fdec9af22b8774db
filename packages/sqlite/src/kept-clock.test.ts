import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';

import { keptClock } from './kept-clock.ts';
import { openStoreFile } from './open-store-file.ts';
import type { StoreKind } from './store-kind.ts';

const folder = mkdtempSync(join(tmpdir(), 'guardstile-clock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const KIND: StoreKind = {
  name: 'the test store',
  writer: 'a test',
  code: 'flow_error',
  damaged: 'start a new one',
  applicationId: 7,
  schema:
    'CREATE TABLE clock (id INTEGER PRIMARY KEY, time REAL NOT NULL, ahead REAL NOT NULL) STRICT;',
  version: 1,
};

const PLACE = {
  read: 'SELECT time, ahead FROM clock',
  keep: 'REPLACE INTO clock (id, time, ahead) VALUES (1, ?, ?)',
};

let files = 0;

/** Opens the same new file for as many processes as there are clocks. */
function opened(...clocks: ReadonlyArray<() => number>) {
  files += 1;
  return clocks.map((clock) => {
    const file = openStoreFile(KIND, join(folder, `${files}.db`));
    const time = keptClock(file, PLACE, clock);
    return { ...time, now: () => file.write(() => time.now()), close: file.close };
  });
}

function one(clock: () => number) {
  const [store] = opened(clock);
  if (store === undefined) throw new Error('one clock, one store');
  return store;
}

describe('the clock of a store', () => {
  it('is the given one while that goes forward', () => {
    let now = 5;
    const store = one(() => now);
    expect(store.now()).toBe(5);
    now = 100_000;
    expect([store.now(), store.look(), store.glance()]).toEqual([100_000, 100_000, 100_000]);
    store.close();
  });

  it('stands still through a small step back, and goes on through a large one', () => {
    let now = 10_000;
    const store = one(() => now);
    store.now();
    const times = [9500, 4000, 4500].map((given) => {
      now = given;
      return store.now();
    });
    expect(times).toEqual([10_000, 10_000, 10_500]);
    store.close();
  });

  it('goes on from where another process left it, also when that is gone', () => {
    let now = 50_000;
    const first = one(() => now);
    first.now();
    first.close();
    now = 1000;
    const file = openStoreFile(KIND, join(folder, `${files}.db`));
    const time = keptClock(file, PLACE, () => now);
    now = 3000;
    expect([file.write(() => time.now()), file.read(() => time.look())]).toEqual([52_000, 52_000]);
    file.close();
  });

  it('never goes backwards and never stops, however the given ones of two processes jump', () => {
    const jump = fc.tuple(
      fc.integer({ min: 0, max: 1 }),
      fc.integer({ min: -50_000, max: 50_000 }),
    );
    fc.assert(
      fc.property(fc.array(jump, { minLength: 1, maxLength: 20 }), (jumps) => {
        let now = 1_000_000;
        const processes = opened(
          () => now,
          () => now,
        );
        let last = 0;
        for (const [who, by] of jumps) {
          now += by;
          const time = processes[who]?.now() ?? 0;
          // What the other one told within a second need not be kept.
          expect(time).toBeGreaterThanOrEqual(last - 1000);
          expect(time).toBeGreaterThanOrEqual(now);
          now += 30_000;
          const later = processes[1 - who]?.now() ?? 0;
          expect(later - time).toBeGreaterThanOrEqual(29_000);
          last = later;
        }
        for (const { close } of processes) close();
      }),
      { numRuns: 20 },
    );
  });

  it.each([NaN, Infinity, -Infinity])('that says %s is a store that fails', (time) => {
    const file = openStoreFile(KIND, join(folder, 'no-time.db'));
    expect(() => keptClock(file, PLACE, () => time)).toThrow(
      expect.objectContaining({ code: 'flow_error' }),
    );
    file.close();
  });
});
