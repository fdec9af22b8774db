import { strict as assert } from 'node:assert';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { factsOf, type Sandbox, type ToolCall } from '@guardstile/core';
import { childSandbox, osSandbox } from '@guardstile/sandbox';

import { compare, type Group, type Row, spread, times } from './figures.ts';
import { measure, type Plan, type Round, type Variant } from './harness.ts';
import type { BenchPlan } from './plan.ts';
import { median } from './statistics.ts';

const start = promisify(execFile);

/** How long a process takes to be ready for the next call, with some to spare. */
const UNTIL_READY_MS = 250;

/** Tools in fresh processes: what one costs that waited, over its own start. */
export async function childRows({ rounds, quick }: BenchPlan): Promise<Group> {
  const directory = mkdtempSync(join(tmpdir(), 'guardstile-bench-'));
  const file = join(directory, 'double.mjs');
  writeFileSync(file, 'export const double = ({ n }) => n * 2;');
  const tools = { double: { module: pathToFileURL(file) } };
  const made: Sandbox[] = [];
  const keep = (sandbox: Sandbox): Sandbox => {
    made.push(sandbox);
    return sandbox;
  };
  const child = keep(childSandbox({ tools }));
  const os = keep(osSandbox({ tools }));
  const isolates = (await os.check()).ok;
  const plan: Plan = { rounds, passes: quick ? 3 : 12, burst: 1, warmupPasses: 2 };
  try {
    const measured = await measure(
      [
        warm('child', child),
        cold('child, cold', keep(childSandbox({ tools, spares: 0 }))),
        ...(isolates
          ? [warm('os', os), cold('os, cold', keep(osSandbox({ tools, spares: 0 })))]
          : []),
        one('node', startNode),
      ],
      plan,
    );
    const sustained = [`in a child ${await perSecond(child, quick)}`];
    if (isolates) sustained.push(`under the OS ${await perSecond(os, quick)}`);
    return {
      title: 'Tools in fresh processes, ÷ their own start in the same run',
      notes: [
        'a call in a process that waited, over the same call in one that has to start',
        'a fresh QuickJS with a capped memory that evaluates one line, over a start of Node that does nothing',
        `sustained calls per second and core, ${availableParallelism()} at once: ${sustained.join(', ')}`,
        ...(isolates ? [] : ['OS isolation is not there on this machine']),
      ],
      rows: compare(measured, [
        row('child, warm ÷ cold', 'child', 'child, cold', 0.08),
        ...(isolates ? [row('OS isolation, warm ÷ cold', 'os', 'os, cold', 0.08)] : []),
      ]).concat(await quickJsRow(measured, quick)),
      times: times(measured),
    };
  } finally {
    await Promise.all(made.map(async (sandbox) => sandbox.close?.()));
    rmSync(directory, { recursive: true, force: true });
  }
}

function row(what: string, of: string, over: string, limit: number) {
  return { what, of, over, targets: [{ statistic: 'p50', limit }] } as const;
}

const call: ToolCall = {
  rid: 'rid_bench',
  id: 'call_bench',
  tool: { source: 'app', name: 'double' },
  facts: factsOf('double', {}),
  args: { n: 21 },
  confined: { n: 21 },
  labels: [],
};

async function double(sandbox: Sandbox): Promise<void> {
  const run = { context: {}, signal: undefined, secrets: {}, execute: () => 0 };
  assert.equal(await sandbox.run(call, run), 42);
}

function one(name: string, run: () => unknown): Variant {
  return { name, iterations: 1, run };
}

function warm(name: string, sandbox: Sandbox): Variant {
  return { ...one(name, () => double(sandbox)), between: () => wait(UNTIL_READY_MS) };
}

function cold(name: string, sandbox: Sandbox): Variant {
  return one(name, () => double(sandbox));
}

/** In processes of their own, as in a sandbox: here the memories of others would be collected meanwhile. */
async function quickJsRow(measured: readonly Round[], quick: boolean): Promise<Row> {
  const ratios: number[] = [];
  for (const round of measured) {
    const node = round.get('node')?.p50 ?? Number.NaN;
    ratios.push(median(await freshQuickJs(quick ? 40 : 100)) / node);
  }
  return {
    what: 'fresh QuickJS ÷ start of Node',
    figures: { p50: spread(ratios) },
    targets: [{ statistic: 'p50', limit: 0.05 }],
  };
}

/** Microseconds for a fresh capped QuickJS that evaluates one line. */
async function freshQuickJs(count: number): Promise<readonly number[]> {
  const program = fileURLToPath(new URL('./quickjs-process.ts', import.meta.url));
  const { stdout } = await start(process.execPath, ['--expose-gc', program, String(count)]);
  return JSON.parse(stdout) as readonly number[]; // written by that program
}

async function startNode(): Promise<void> {
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
}

async function perSecond(sandbox: Sandbox, quick: boolean): Promise<string> {
  const cores = availableParallelism();
  const each = quick ? 5 : 50;
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: cores }, async () => {
      for (let i = 0; i < each; i += 1) await double(sandbox);
    }),
  );
  return ((each * 1000) / (performance.now() - begin)).toFixed(1);
}
