import { measure } from '/work/main/test/bench/harness.ts';
import { coreVariants } from '/work/main/test/bench/core-rows.ts';
const v = coreVariants();
const rounds = await measure(v, { rounds: 3, passes: 100, burst: 5, warmupPasses: 60 });
for (const r of rounds) {
  const f = r.get('floor')!;
  for (const [n, m] of r) console.log(n.padEnd(22), m.p50.toFixed(3), (m.p50 / f.p50).toFixed(2), 'p99', (m.p99/f.p99).toFixed(2), 'mean', (m.mean/f.mean).toFixed(2), 'gc', (m.gc*100).toFixed(1)+'%');
  console.log();
}
