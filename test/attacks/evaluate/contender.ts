import type { GuardOptions } from '@guardstile/core';
import type { Suite } from '../data.ts';
import type { GivenSets } from './given-lists.ts';
import type { SuitePolicies } from './suite-policies.ts';

/** What a contender is made of in one suite. */
export interface Ground {
  readonly suite: Suite;
  readonly policies: SuitePolicies;
  readonly givenSets: GivenSets;
}

/** A way to decide that is measured. */
export interface Contender {
  /** Its name in the figures, and for `--only`. */
  readonly name: string;
  /** What it does, for people. */
  readonly title: string;
  /** Whether it looks at nothing but what tools do. */
  readonly isBaseline?: true;
  /**
   * Makes the parts of the guard for one run: a memory that lasts must not be shared by two runs.
   *
   * @throws {Error} when its policy cannot be used.
   */
  prepare(ground: Ground): Prepared;
}

export type Prepared =
  | { readonly kind: 'ready'; readonly guard: () => GuardOptions }
  | { readonly kind: 'left-out'; readonly why: string };
