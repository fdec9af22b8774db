import { strict as assert } from 'node:assert';

import { cappedQuickJs } from '../../packages/sandbox/src/code/run-javascript.mts';

// Prints how long each of so many fresh QuickJS took, in microseconds; the first warms up.

const times: number[] = [];
for (let i = 0; i <= Number(process.argv[2]); i += 1) {
  globalThis.gc?.();
  const start = performance.now();
  const quickjs = await cappedQuickJs(64);
  assert.equal(quickjs.evalCode('6 * 7'), 42);
  times.push((performance.now() - start) * 1000);
}
console.log(JSON.stringify(times.slice(1)));
