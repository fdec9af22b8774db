import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { type Group, type Spread, spread } from './figures.ts';
import type { BenchPlan } from './plan.ts';
import { mean, median, quantile } from './statistics.ts';

const start = promisify(execFile);

/** Row 6: how long importing core takes in a process that has imported nothing yet. */
export async function importRows({ rounds, processes }: BenchPlan): Promise<Group> {
  // The first of each only brings the files into the cache of the operating system.
  await importing('ai');
  await importing('@guardstile/core');
  const measured: Array<{ readonly core: readonly number[]; readonly ai: readonly number[] }> = [];
  for (let round = 0; round < rounds; round += 1) {
    const core: number[] = [];
    const ai: number[] = [];
    for (let i = 0; i < processes; i += 1) {
      // Alternately first, so that neither always runs in the other's wake.
      if (i % 2 === 0) core.push(await importing('@guardstile/core'));
      ai.push(await importing('ai'));
      if (i % 2 === 1) core.push(await importing('@guardstile/core'));
    }
    measured.push({ core, ai });
  }
  const ratio = (statistic: (values: readonly number[]) => number): Spread =>
    spread(measured.map(({ core, ai }) => statistic(core) / statistic(ai)));
  return {
    title: 'Import: core ÷ ai, each in fresh processes, alternating',
    notes: [
      `${rounds} rounds of ${processes} processes each; timed inside the process around the dynamic import`,
      `medians: core ${milliseconds(measured.flatMap(({ core }) => core))}, ai ${milliseconds(measured.flatMap(({ ai }) => ai))}`,
    ],
    rows: [
      {
        what: 'import of core ÷ import of ai',
        figures: {
          p50: ratio(median),
          p99: ratio((all) => quantile(all, 0.99)),
          mean: ratio(mean),
        },
        targets: [{ statistic: 'p50', limit: 0.12 }],
      },
    ],
    times: [],
  };
}

/** Milliseconds that a fresh process takes to import the module. */
async function importing(module: string): Promise<number> {
  const program = `
    const start = performance.now();
    await import(${JSON.stringify(module)});
    process.stdout.write(String(performance.now() - start));
  `;
  const { NODE_OPTIONS: _options, NODE_COMPILE_CACHE: _cache, ...env } = process.env;
  const { stdout } = await start(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: join(import.meta.dirname, '..'),
    env,
  });
  const ms = Number(stdout);
  if (!(ms > 0)) throw new Error(`importing ${module} answered no time: ${stdout}`);
  return ms;
}

function milliseconds(values: readonly number[]): string {
  return `${median(values).toFixed(1)} ms`;
}
