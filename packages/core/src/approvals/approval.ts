import type { MaybePromise } from '../steps.ts';
import type { Digest } from '../digest.ts';
import type { ToolIdentity } from '../call.ts';
import type { GrantOffer, GrantStore } from './grant.ts';
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
  /** Tenant of who voted, where the voter is not the requester. */
  readonly tenant?: string;
  /** How the vote came in, such as `terminal` or `ai-sdk`. */
  readonly channel: string;
  readonly note?: string;
  /** Digest of the arguments that the voter saw. */
  readonly digest: Digest;
  /** Whether hidden values were revealed to the voter first. */
  readonly revealed?: boolean;
  /**
   * Top-level fields of the arguments that the voter changed, for reading, with values that look like
   * secrets replaced; {@link Vote.digest} is the one after it.
   */
  readonly edited?: Readonly<Record<string, unknown>>;
  /** What the voter wants to hold for later calls too. */
  readonly grant?: GrantOffer;
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
  /**
   * The parsed arguments that were decided on; a resume runs exactly these. Absent where the store
   * keeps none: whoever resumes brings them, and they are checked by their digest.
   */
  readonly args?: unknown;
  /** The arguments for reading, with values that look like secrets replaced. */
  readonly shown: unknown;
  /** Paths into `shown` whose value is hidden. */
  readonly hidden: readonly string[];
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
  /** What a person changed in the arguments that were asked for. */
  readonly edited?: EditedArgs;
  /** Whether nobody answered in time, and others may answer by now. */
  readonly escalated?: boolean;
  /** Raised by every change. */
  readonly version: number;
  /** By the store's clock, milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Which arguments were changed, and how. They are named by {@link editedDigest}. */
export interface EditedArgs {
  /** Digest of the arguments that were asked for. */
  readonly of: Digest;
  /** Top-level fields with the values that they have from now on. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An edit: the arguments as they read from now on, and the vote of who made them so. */
export interface ApprovalEdit extends Pick<Approval, 'shown' | 'hidden'> {
  readonly edited: EditedArgs;
  /** Approves, and names the digest of the edited arguments. */
  readonly vote: Vote;
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
  readonly principal?: string;
  readonly session?: string;
  /** Name of the tool. */
  readonly tool?: string;
  /** Digest of the arguments. */
  readonly digest?: Digest;
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
   * Replaces the arguments of a pending approval whose version is still the given one. Earlier votes
   * do not count any more.
   */
  edit(aid: string, edit: ApprovalEdit, version: number): MaybePromise<ApprovalResult>;
  /**
   * Takes an approved approval, once. `claim` is drawn anew for every attempt to run, so that a
   * repeated consume whose answer was lost succeeds and any other one is a replay.
   */
  consume(aid: string, claim: string, bindings: ApprovalBindings): MaybePromise<ApprovalResult>;
  /** Ends a pending approval that nobody waits for any more. */
  cancel(aid: string): MaybePromise<ApprovalResult>;
  /** In order of creation. */
  list(filter: ApprovalFilter): MaybePromise<readonly Approval[]>;
  /** A hint that something changed, an unknown approval where no `aid` is given; never relied upon. Returns its undo. */
  subscribe?(listener: (aid?: string) => void): () => void;
  /** Where it keeps what was allowed for later calls too, if it does. */
  readonly grants?: GrantStore;
}
