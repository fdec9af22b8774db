import type { MaybePromise } from '../steps.ts';
import type { Digest } from '../digest.ts';
import type { ToolIdentity } from '../call.ts';
import type { Requirements } from './requirements.ts';

export type ApprovalState =
  | 'pending'
  | 'approved'
  | 'denied'
  | 'expired'
  | 'cancelled'
  | 'consumed';

/** One person's answer to one approval. */
export interface Vote {
  readonly verdict: 'approve' | 'deny';
  /** Id of who voted; absent only for a requester without a principal. */
  readonly voter?: string;
  readonly roles?: readonly string[];
  /** How the vote came in, such as `terminal` or `ai-sdk`. */
  readonly channel: string;
  readonly note?: string;
  /** Digest of the arguments that the voter saw. */
  readonly digest: Digest;
  /** Whether hidden values were revealed to the voter first. */
  readonly revealed?: boolean;
}

/** What has to be the same at consume as it was when the approval was asked for. */
export interface ApprovalBindings {
  readonly tenant?: string;
  readonly principal?: string;
  readonly session?: string;
  readonly agent?: string;
  readonly tool: ToolIdentity;
  /** Digest of exactly the arguments that will run. */
  readonly digest: Digest;
}

/** What the guard asks a store to keep. */
export interface ApprovalDraft {
  readonly aid: string;
  readonly rid: string;
  /** The framework's id of the call, for whoever shows the approval beside it. */
  readonly call: string;
  readonly bindings: ApprovalBindings;
  /** The parsed arguments that were decided on; a resume runs exactly these. */
  readonly args: unknown;
  readonly requirements: Requirements;
  readonly reason: string;
  readonly rule?: string;
  /** Digest of the policy that asked: evidence, not a gate. */
  readonly policy: Digest;
  readonly labels: readonly string[];
  /** How long it may stay unused, in milliseconds by the store's clock. */
  readonly expiresMs: number;
}

export interface Approval extends ApprovalDraft {
  readonly state: ApprovalState;
  readonly votes: readonly Vote[];
  /** Raised by every change. */
  readonly version: number;
  /** By the store's clock, milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Why a store refuses a vote or a consume. */
export type ApprovalRefusal =
  | 'unknown'
  | 'pending'
  | 'denied'
  | 'expired'
  | 'cancelled'
  | 'consumed'
  | 'conflict'
  | 'mismatch';

export type ApprovalResult =
  | { readonly ok: true; readonly approval: Approval }
  | { readonly ok: false; readonly reason: ApprovalRefusal };

export interface ApprovalFilter {
  readonly tenant?: string;
  readonly state?: ApprovalState;
  readonly session?: string;
  /** Continues behind this `aid`. */
  readonly after?: string;
  /** @default 100 */
  readonly limit?: number;
}

/**
 * Keeps approvals. Every method is atomic, so that a store over SQL can do each with one
 * statement; expiry is judged by the store's clock.
 */
export interface ApprovalStore {
  readonly name: string;
  /** Keeps the draft, or returns the approval that already has this key. */
  create(draft: ApprovalDraft, key: string): MaybePromise<Approval>;
  get(aid: string): MaybePromise<Approval | undefined>;
  /** The approval that was created under the key. */
  find(key: string): MaybePromise<Approval | undefined>;
  /** Records a vote on a pending approval whose version is still the given one. */
  vote(aid: string, vote: Vote, version: number): MaybePromise<ApprovalResult>;
  /**
   * Takes an approved approval, once. `claim` is drawn anew for every attempt to run, so that a
   * repeated consume whose answer was lost succeeds and any other one is a replay.
   */
  consume(aid: string, claim: string, bindings: ApprovalBindings): MaybePromise<ApprovalResult>;
  /** Ends a pending approval that nobody waits for any more. */
  cancel(aid: string): MaybePromise<ApprovalResult>;
  /** In order of creation. */
  list(filter: ApprovalFilter): MaybePromise<readonly Approval[]>;
  /** A hint that something changed; never relied upon. Returns its undo. */
  subscribe?(listener: (aid: string) => void): () => void;
}
