import type { ToolIdentity } from '../call.ts';
import type { MaybePromise } from '../steps.ts';
import type { Vote } from './approval.ts';

/** How far a grant reaches: this session of this principal, or every session of this principal. */
export type GrantScope = 'session' | 'always';

/** What an approver wants to hold for later calls too. */
export interface GrantOffer {
  readonly scope: GrantScope;
  /**
   * Top-level fields of the arguments whose value has to be the same as in the approved call. At
   * least one, unless the call has none.
   */
  readonly fields: readonly string[];
  /** How long it holds, in milliseconds. */
  readonly expiresMs: number;
}

/** What the guard asks a store to keep. */
export interface GrantDraft {
  readonly gid: string;
  readonly scope: GrantScope;
  readonly tenant?: string;
  readonly principal?: string;
  readonly agent?: string;
  /** Only with the scope `session`. */
  readonly session?: string;
  readonly tool: ToolIdentity;
  /** Ids of the ask rules that it answers; no others. */
  readonly rules: readonly string[];
  /** Digest of the value of each field that has to be the same. */
  readonly where: Readonly<Record<string, string>>;
  /** The same for reading, with values that look like secrets replaced. */
  readonly shown: Readonly<Record<string, unknown>>;
  /** The approval that it was given with. */
  readonly aid: string;
  /** Who gave it: it holds for as long as these votes meet what a rule requires. */
  readonly votes: readonly Vote[];
  readonly expiresMs: number;
}

/** A standing answer to an ask: narrow, visible, expiring and revocable. */
export interface Grant extends GrantDraft {
  /** By the store's clock, milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt?: number;
}

export interface GrantFilter {
  readonly tenant?: string;
  readonly principal?: string;
  /** Name of the tool. */
  readonly tool?: string;
  /** Those that expired or were revoked too. @default false */
  readonly ended?: boolean;
  /** Continues behind this `gid`. */
  readonly after?: string;
  /** @default 100 */
  readonly limit?: number;
}

/** Keeps grants. Every method is atomic; expiry is judged by the store's clock. */
export interface GrantStore {
  /** Keeps the draft, or returns the grant that already has this `gid`. */
  add(draft: GrantDraft): MaybePromise<Grant>;
  /** In order of creation. */
  list(filter: GrantFilter): MaybePromise<readonly Grant[]>;
  /** Ends a grant. Answers it, or nothing if there is none. */
  revoke(gid: string): MaybePromise<Grant | undefined>;
}
