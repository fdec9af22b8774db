import type { FlowSpec } from '@guardstile/data-flow';

import type { Approve } from '../document.ts';

/**
 * Where values may come from and go to. Labels say what is so, as facts do; everything else only asks
 * and denies.
 */
export interface FlowDocument extends FlowSpec {
  /** Who answers what it asks. @default the requester confirms */
  readonly approve?: FlowApprove;
}

/** An answer is about the values of one call: it reaches no further, and nobody changes them. */
export type FlowApprove = Pick<Approve, 'by' | 'quorum' | 'expires' | 'onExpiry'>;
