import { type ApprovalState, describeRequirement, type Requirements } from '@guardstile/core';

/** Why nothing was counted. */
export type InboxRefusalReason =
  /** There is no such approval or grant. */
  | 'unknown'
  /** It is not open any more. */
  | 'decided'
  /** It was edited since the voter looked. */
  | 'changed'
  /** It belongs to another tenant. */
  | 'other-tenant'
  /** No requirement that is not met yet names the voter. */
  | 'not-named'
  /** Others have to approve what the voter asked for. */
  | 'own-request'
  | 'voted-already'
  /** It has hidden values that the voter did not have revealed. */
  | 'unrevealed'
  /** The store keeps no arguments, so that none can be revealed. */
  | 'no-arguments'
  | 'not-editable'
  | 'not-grantable'
  | 'too-long';

/** A refusal: nothing was counted, and `message` says what to do. */
export interface InboxRefusal {
  readonly ok: false;
  readonly reason: InboxRefusalReason;
  readonly message: string;
}

/** Who is needed where the voter is not. */
export function refuse(
  reason: 'not-named' | 'own-request',
  requirements: Requirements,
): InboxRefusal;
/** What it became, or what is wrong. */
export function refuse(
  reason: 'decided' | 'unrevealed' | 'not-editable' | 'not-grantable' | 'too-long',
  what: string,
): InboxRefusal;
export function refuse(
  reason: 'unknown' | 'changed' | 'other-tenant' | 'voted-already' | 'no-arguments',
): InboxRefusal;
export function refuse(
  reason: InboxRefusalReason,
  about: Requirements | string = '',
): InboxRefusal {
  const what = typeof about === 'string' ? about : neededBy(about);
  return Object.freeze({ ok: false, reason, message: WORDS[reason](what) });
}

function neededBy({ votes }: Requirements): string {
  return votes.map(describeRequirement).join(' and ');
}

/** What an approval that is not open any more became. */
export function decided(state: ApprovalState): InboxRefusal {
  return refuse('decided', state);
}

const WORDS: Readonly<Record<InboxRefusalReason, (what: string) => string>> = {
  unknown: () => 'there is nothing with this id; list what is open',
  decided: (state) => `it is ${state} already, and an answer counts only before that`,
  changed: () => 'it was edited since you looked at it; look again, and name the digest it has now',
  'other-tenant': () => 'it belongs to another tenant; somebody of that tenant has to answer',
  'not-named': (needed) => `your answer does not count here: it needs ${needed}`,
  'own-request': (needed) =>
    `nobody approves a request of their own: it needs ${needed}; you can only deny it, which withdraws it`,
  'voted-already': () => 'you have approved it already; it waits for somebody else',
  unrevealed: (hidden) => `you have not seen ${hidden}; reveal the hidden values first`,
  'no-arguments': () =>
    'the store keeps no arguments, so that nothing can be revealed here; answer where the call was made, or deny it',
  'not-editable': (what) => what,
  'not-grantable': (what) => what,
  'too-long': (what) => `${what}; say it shorter`,
};
