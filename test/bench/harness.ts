import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as macrotask } from 'node:timers/promises';

import { do_not_optimize as keep } from 'mitata';

import { mean, quantile } from './statistics.ts';

/** One of the things that are measured beside each other. */
export interface Variant {
  readonly name: string;
  /** One iteration; a sample awaits its result, as the caller of a tool does. */
  readonly run: () => unknown;
  /** Iterations per sample: enough for a sample to be far above the resolution of the clock. */
  readonly iterations: number;
  /** Ends every sample inside the measured time. */
  readonly settle?: () => unknown;
  /** Follows every sample outside the measured time. */
  readonly between?: () => unknown;
}

export interface Plan {
  readonly rounds: number;
  /** Passes per round; a pass measures a burst of every variant, in a new random order. */
  readonly passes: number;
  /** Samples in a burst. */
  readonly burst: number;
  readonly warmupPasses: number;
}

/** One variant in one round; times in microseconds per iteration. */
export interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly mean: number;
  readonly samples: number;
  /** Which part of the measured time the garbage collector took, from 0 to 1. */
  readonly collecting: number;
}

/** A round: every variant by name. */
export type Round = ReadonlyMap<string, Measured>;

const PASSES_PER_TASK = 25;

interface Span {
  readonly variant: string;
  readonly start: number;
  readonly end: number;
}

/**
 * Measures variants side by side: all of them in every pass, a few samples at a time, in random
 * order, so that whatever else the machine does falls on all alike. They share one loop.
 */
export async function measure(variants: readonly Variant[], plan: Plan): Promise<readonly Round[]> {
  await pass(variants, plan.warmupPasses, plan.burst);
  const rounds: Round[] = [];
  for (let round = 0; round < plan.rounds; round += 1) {
    globalThis.gc?.();
    const pauses = watchGarbageCollector();
    const spans = await pass(variants, plan.passes, plan.burst);
    rounds.push(summarise(variants, spans, await pauses.end()));
  }
  return rounds;
}

async function pass(variants: readonly Variant[], times: number, burst: number): Promise<Span[]> {
  const spans: Span[] = [];
  for (let i = 0; i < times; i += 1) {
    for (const variant of shuffled(variants)) {
      for (let sample = 0; sample < burst; sample += 1) spans.push(await sampleOf(variant));
    }
    // Timers and entries of the observer get their turn, but seldom: V8 likes to collect garbage
    // between tasks, where its time would be nobody's.
    if (i % PASSES_PER_TASK === 0) await macrotask();
  }
  return spans;
}

async function sampleOf({ name, run, iterations, settle, between }: Variant): Promise<Span> {
  const start = performance.now();
  for (let i = 0; i < iterations; i += 1) keep(await run());
  if (settle !== undefined) keep(await settle());
  const end = performance.now();
  await between?.();
  return { variant: name, start, end };
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
      // Entries are handed over behind the task in which they arose.
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
  const collected = collectedIn(spans, pauses);
  const round = new Map<string, Measured>();
  for (const { name, iterations } of variants) {
    const own = spans
      .filter(({ variant }) => variant === name)
      .map(({ start, end }) => end - start);
    const times = own.map((ms) => (ms * 1000) / iterations);
    round.set(name, {
      p50: quantile(times, 0.5),
      p99: quantile(times, 0.99),
      mean: mean(times),
      samples: own.length,
      collecting: (collected.get(name) ?? 0) / (mean(own) * own.length),
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
