import type { Situation } from '../situation.ts';
import { aborts } from './aborts.ts';
import { approvals } from './approvals.ts';
import { callbacks } from './callbacks.ts';
import { errors } from './errors.ts';
import { kinds } from './kinds.ts';
import { loops } from './loops.ts';
import { parallel } from './parallel.ts';
import { results } from './results.ts';
import { streams } from './streams.ts';

/** What applications do with tools. */
export const situations = {
  results,
  errors,
  streams,
  parallel,
  aborts,
  callbacks,
  loops,
  kinds,
  approvals,
} satisfies Readonly<Record<string, readonly Situation[]>>;
