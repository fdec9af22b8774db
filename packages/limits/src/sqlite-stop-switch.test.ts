import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it, onTestFinished } from 'vitest';

import { sqliteStopSwitch } from './sqlite-stop-switch.ts';

function newSwitch() {
  const folder = mkdtempSync(join(tmpdir(), 'guardstile-stop-'));
  const stopSwitch = sqliteStopSwitch(join(folder, 'limits.db'));
  onTestFinished(() => {
    stopSwitch.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return stopSwitch;
}

it.each([
  [undefined, 'undefined'],
  [null, 'null'],
  [7n, '7'],
  [Symbol('out'), 'Symbol(out)'],
  [new Error('the bank is on fire'), 'Error: the bank is on fire'],
  ['half a pair \ud800', 'half a pair \ud800'],
  ['', ''],
])('stops whatever a program without types gives as the reason: %s', (reason, said) => {
  const stopSwitch = newSwitch();
  const lift = stopSwitch.stop(reason as never);
  expect(stopSwitch.stopped({})).toBe(said);
  lift();
  expect(stopSwitch.stopped({})).toBeUndefined();
});
