import { coreVariants } from './core-rows.ts';
const which = process.argv[2];
const v = coreVariants().find((x) => x.name === which)!;
for (let r = 0; r < 8; r++) {
  const n = 20000; const t = performance.now();
  for (let i = 0; i < n; i++) { await v.run(); if (i % 64 === 0) await v.settle?.(); }
  console.log(which, ((performance.now() - t) * 1000 / n).toFixed(3));
}
