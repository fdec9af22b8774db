import type { MaybePromise } from '../steps.ts';
import type { AuditDraft, AuditEntry, AuditKind } from './entry.ts';

/** What an appended entry survives: the call, the process, the machine's crash, the machine. */
export type Durability = 'memory' | 'os' | 'disk' | 'replicated';

/** From weakest to strongest. */
export const DURABILITIES: readonly Durability[] = Object.freeze([
  'memory',
  'os',
  'disk',
  'replicated',
]);

export interface AuditReceipt {
  readonly log: string;
  readonly seq: number;
  readonly durability: Durability;
  /** Hash of the entry. May be computed when it is read. */
  readonly hash: string;
}

export interface AuditFilter {
  readonly kind?: AuditKind;
  readonly action?: string;
  readonly session?: string;
  readonly user?: string;
  readonly tenant?: string;
  readonly tool?: string;
  readonly rid?: string;
  /** Milliseconds since 1970, inclusive. */
  readonly since?: number;
  /** Milliseconds since 1970, exclusive. */
  readonly until?: number;
  /** Only entries behind this position. */
  readonly after?: number;
  readonly limit?: number;
}

export type AuditVerification =
  | {
      readonly ok: true;
      readonly entries: number;
      /** How many entries the log has dropped; what they said cannot be verified any more. */
      readonly evicted: number;
      /** Hash of the last entry: kept elsewhere, it shows a later truncation. */
      readonly head: string;
    }
  | { readonly ok: false; readonly seq: number; readonly reason: string };

/** Keeps what was decided and what came of it. One writer; the chain fields are the writer's. */
export interface AuditLog {
  readonly name: string;
  /** How durable an entry is once `append` has answered. */
  readonly durability: Durability;
  append(draft: AuditDraft): MaybePromise<AuditReceipt>;
  /** Entries in order. */
  query(filter?: AuditFilter): MaybePromise<readonly AuditEntry[]>;
  verify(): MaybePromise<AuditVerification>;
  close?(): MaybePromise<void>;
}
