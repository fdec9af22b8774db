import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as macrotask } from 'node:timers/promises';

import { do_not_optimize as keep } from 'mitata';

import { mean, quantile } from './statistics.ts';

/** One of the things that are measured beside each other. */
export interface Variant {
  readonly name: string;
  /** One iteration; a sample awaits its result, as the caller of a tool does. */
  readonly run: () => unknown;
  /** Iterations per sample, so that one sample is far above the resolution of the clock. */
  readonly iterations: number;
  /** Ends every sample inside the measured time. */
  readonly settle?: () => unknown;
  /** Follows every sample outside the measured time. */
  readonly between?: () => unknown;
}

export interface Plan {
  readonly rounds: number;
  /** Passes per round; each pass measures a burst of every variant, in a new random order. */
  readonly passes: number;
  /** Samples in a burst. */
  readonly burst: number;
  readonly warmupPasses: number;
}

/** One variant in one round, in microseconds per iteration. */
export interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly mean: number;
  readonly samples: number;
  /** Which part of the measured time the garbage collector took, from 0 to 1. */
  readonly gc: number;
}

/** A round: every variant by name. */
export type Round = ReadonlyMap<string, Measured>;

interface Span {
  readonly variant: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Measures variants side by side: all of them in every pass, a few samples at a time, in random
 * order, so that whatever else the machine does falls on all alike.
 */
export async function measure(variants: readonly Variant[], plan: Plan): Promise<readonly Round[]> {
  const loops = variants.map((variant) => ({ variant, loop: loopFor() }));
  await passes(loops, plan.warmupPasses, plan.burst);
  const rounds: Round[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    globalThis.gc?.();
    const pauses = watchGarbageCollector();
    const spans = await passes(loops, plan.passes, plan.burst);
    rounds.push(summarise(variants, spans, await pauses.end()));
  }
  return rounds;
}

type Loop = (run: () => unknown, iterations: number, keep: (value: unknown) => void) => Promise<void>;

/**
 * A loop of its own for every variant. One loop for all of them would call through a site that has
 * seen every variant, which costs a fast variant relatively more than a slow one.
 */
function loopFor(): Loop {
  // eslint-disable-next-line typescript/no-implied-eval -- only new source text is compiled anew
  return new Function(
    'run',
    'iterations',
    'keep',
    'return (async () => { for (let i = 0; i < iterations; i += 1) keep(await run()); })();',
  ) as Loop; // the text is right above
}

interface Looped {
  readonly variant: Variant;
  readonly loop: Loop;
}

async function passes(loops: readonly Looped[], count: number, burst: number): Promise<Span[]> {
  const spans: Span[] = [];
  for (let pass = 0; pass < count; pass += 1) {
    for (const { variant, loop } of shuffled(loops)) {
      for (let i = 0; i < burst; i += 1) {
        const start = performance.now();
        await loop(variant.run, variant.iterations, keep);
        if (variant.settle !== undefined) keep(await variant.settle());
        spans.push({ variant: variant.name, start, end: performance.now() });
        await variant.between?.();
      }
    }
    // Timers, entries of the observer and whatever a variant left behind get their turn here.
    await macrotask();
  }
  return spans;
}

function shuffled<T>(list: readonly T[]): readonly T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T]; // both within bounds
  }
  return result;
}

interface Pause {
  readonly start: number;
  readonly end: number;
}

function watchGarbageCollector(): { readonly end: () => Promise<readonly Pause[]> } {
  const pauses: Pause[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      pauses.push({ start: startTime, end: startTime + duration });
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return {
    async end() {
      await macrotask();
      await macrotask();
      observer.disconnect();
      return pauses;
    },
  };
}

function summarise(
  variants: readonly Variant[],
  spans: readonly Span[],
  pauses: readonly Pause[],
): Round {
  const round = new Map<string, Measured>();
  const collecting = collectedIn(spans, pauses);
  for (const { name, iterations } of variants) {
    const own = spans.filter(({ variant }) => variant === name);
    const times = own.map(({ start, end }) => ((end - start) * 1000) / iterations);
    const total = own.reduce((sum, { start, end }) => sum + end - start, 0);
    round.set(name, {
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      mean: mean(times),
      samples: own.length,
      gc: (collecting.get(name) ?? 0) / total,
    });
  }
  return round;
}

/** Milliseconds of garbage collection that fell into the samples of each variant. */
function collectedIn(
  spans: readonly Span[],
  pauses: readonly Pause[],
): ReadonlyMap<string, number> {
  const result = new Map<string, number>();
  let next = 0;
  for (const pause of pauses.toSorted((a, b) => a.start - b.start)) {
    while (next < spans.length && (spans[next]?.end ?? 0) <= pause.start) next += 1;
    const span = spans[next];
    if (span === undefined) break;
    const overlap = Math.min(span.end, pause.end) - Math.max(span.start, pause.start);
    if (overlap > 0) result.set(span.variant, (result.get(span.variant) ?? 0) + overlap);
  }
  return result;
}
