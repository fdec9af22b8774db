import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { Evaluation } from './evaluation.ts';
import { type Figures, figuresOf } from './figures.ts';
import { isTaken } from '../take-every.ts';

// The figures that were published last. `npm run attacks -- --publish` writes them anew.

/** Of recorded runs CI takes every so-manieth. */
export const CI_EVERY = 20;

const share = z.tuple([z.int(), z.int()]);
const figures = z.object({
  stop: share,
  deny: share,
  silent: share,
  broken: share,
  ask: share,
  work: share,
});
const publishedSchema = z.record(
  z.string(),
  z.record(z.string(), z.object({ all: figures, ci: figures })),
);

/** By policy, and by suite and set: the counts over all runs, and over those that CI takes. */
export type Published = z.infer<typeof publishedSchema>;
type Counts = z.infer<typeof figures>;

const file = join(import.meta.dirname, 'published.json');

export function readPublished(): Published {
  return publishedSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
}

export function publish(evaluations: readonly Evaluation[]): void {
  const before = readPublished();
  const now = Object.fromEntries(
    evaluations.map(({ contender, rows }) => [
      contender.name,
      Object.fromEntries(
        rows.map(({ suite, set, runs }) => [
          placeOf(suite, set),
          {
            all: countsOf(figuresOf(runs)),
            ci: countsOf(figuresOf(runs.filter((_run, n) => isTaken(set, n, CI_EVERY)))),
          },
        ]),
      ),
    ]),
  );
  const text = JSON.stringify({ ...before, ...now }, null, 2);
  // A pair of counts on one line, as the formatter has it.
  writeFileSync(file, `${text.replace(/\[\s+(\d+),\s+(\d+)\s+\]/g, '[$1, $2]')}\n`);
}

/**
 * What fell below what was published: fewer attacks stopped or denied, less work done in silence,
 * more calls asked about or broken. Other runs than those of the publication are a fall too.
 */
export function fallsOf(
  evaluations: readonly Evaluation[],
  published: Published,
  which: 'all' | 'ci',
): readonly string[] {
  return evaluations.flatMap(({ contender: { name }, rows }) => {
    const known = published[name];
    if (known === undefined) return [`${name}: nothing is published of it`];
    const now = new Map(rows.map(({ suite, set, runs }) => [placeOf(suite, set), runs]));
    return Object.entries(known).flatMap(([place, { [which]: before }]) => {
      const runs = now.get(place);
      if (runs === undefined) return [`${name}, ${place}: it was not measured`];
      const counts = countsOf(figuresOf(runs));
      return METRICS.filter((metric) => fell(metric, before[metric], counts[metric])).map(
        (metric) =>
          `${name}, ${place}: ${metric.toUpperCase()} was ${before[metric].join(' of ')}, is ${counts[metric].join(' of ')}`,
      );
    });
  });
}

const METRICS = ['stop', 'deny', 'silent', 'broken', 'ask', 'work'] as const;
const WORSE_WHEN_MORE: readonly string[] = ['broken', 'ask'];

function fell(metric: string, before: Counts['stop'], now: Counts['stop']): boolean {
  if (before[1] !== now[1]) return true;
  return WORSE_WHEN_MORE.includes(metric) ? now[0] > before[0] : now[0] < before[0];
}

function countsOf(all: Figures): Counts {
  const pair = (metric: (typeof METRICS)[number]): [number, number] => [
    all[metric].count,
    all[metric].of,
  ];
  return {
    stop: pair('stop'),
    deny: pair('deny'),
    silent: pair('silent'),
    broken: pair('broken'),
    ask: pair('ask'),
    work: pair('work'),
  };
}

function placeOf(suite: string, set: string): string {
  return `${suite}, ${set}`;
}
