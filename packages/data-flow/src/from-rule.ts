import type { FlowView, Origin, Provenance } from '@guardstile/core';
import type { Part } from './parts-of.ts';
import { partsOf } from './parts-of.ts';
import { piecesOf } from './pieces-of.ts';

/** Where an argument, or a part of it, has to come from. */
export interface FromRule {
  readonly from: readonly Origin[];
  /** What becomes of a call whose argument comes from elsewhere. @default 'ask' */
  readonly else?: 'ask' | 'deny';
  /** What becomes of one that is seen nowhere, which is more often a mistake than an attack. @default as `else` */
  readonly unseen?: 'ask' | 'deny';
  /** What of it is looked up. @default 'value' */
  readonly part?: Part;
  /** Fewest letters that prove something; less than the usual 5 for names. At least 2. @default 5 */
  readonly shortest?: number;
}

/** A value of an argument that nothing accepted vouches for. */
export interface Unvouched {
  readonly value: string;
  readonly provenance: Provenance;
}

/** The values in an argument that come from elsewhere; none when the rule is kept. */
export function unvouchedIn(flow: FlowView, value: unknown, rule: FromRule): readonly Unvouched[] {
  const unvouched: Unvouched[] = [];
  // An amount that was typed is one, however small.
  const shortest = rule.shortest ?? (rule.part === 'amount' ? 1 : undefined);
  for (const part of partsOf(value, rule.part ?? 'value')) {
    if (flow.isVouched(part, rule.from, shortest)) continue;
    // Only now it matters where else it was seen.
    const provenance = flow.originOf(part);
    if (isPutTogether(flow, String(part), provenance, rule)) continue;
    unvouched.push({ value: String(part), provenance });
  }
  return unvouched;
}

/**
 * Whether a value that nobody has seen is put together of vouched pieces: it is worth as much as the
 * weakest of them. What content names as a whole is never taken apart.
 */
function isPutTogether(
  flow: FlowView,
  value: string,
  { sightings }: Provenance,
  rule: FromRule,
): boolean {
  if (sightings.length > 0 || (rule.part ?? 'value') !== 'value') return false;
  return piecesOf(value, (piece) => flow.isVouched(piece, rule.from, rule.shortest));
}
