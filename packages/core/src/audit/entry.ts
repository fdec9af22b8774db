/** What an entry is about. */
export type AuditKind =
  | 'genesis'
  | 'decision'
  | 'approval'
  | 'outcome'
  | 'policy'
  | 'application'
  | 'recovery'
  | 'segment'
  | 'erasure'
  | 'key'
  | 'close';

/**
 * What came of a start: `not-started` after an allow whose gate failed, `withheld` when the result
 * was kept back, `unknown` when the call stopped waiting, `late` when such a body settled after all.
 */
export type OutcomeStatus =
  | 'ok'
  | 'error'
  | 'timeout'
  | 'not-started'
  | 'withheld'
  | 'unknown'
  | 'late';

/** What is appended; the log adds its own fields. Values are redacted before they get here. */
export interface AuditDraft {
  readonly kind: AuditKind;
  /** What happened, such as `tool.allow`, `tool.outcome` or the application's own word. */
  readonly action: string;
  /** Who did it: `guard`, an approver, or who the application says. */
  readonly actor: string;
  readonly rid?: string;
  readonly aid?: string;
  readonly attempt?: string;
  readonly parent?: string;
  /** The framework's id of the call. */
  readonly call?: string;
  readonly user?: string;
  readonly tenant?: string;
  readonly session?: string;
  readonly agent?: string;
  readonly source?: string;
  readonly tool?: string;
  /** Digest of what else makes the tool what it is. */
  readonly toolDigest?: string;
  readonly policy?: string;
  readonly rule?: string;
  readonly reason?: string;
  /** Code of the refusal, where there is one. */
  readonly code?: string;
  /** Digest of exactly the arguments. */
  readonly digest?: string;
  /** Redacted and cut copy of the arguments, for reading. */
  readonly args?: unknown;
  readonly requirements?: unknown;
  readonly votes?: unknown;
  readonly labels?: readonly string[];
  /** Name of the sandbox and what it guaranteed. */
  readonly sandbox?: unknown;
  readonly status?: OutcomeStatus;
  readonly error?: string;
  /** How long the body ran, in milliseconds. */
  readonly ms?: number;
  readonly payload?: unknown;
}

/** An entry as it is kept: every field but `hash` and `mac` is covered by both. */
export interface AuditEntry extends AuditDraft {
  readonly v: 1;
  /** Id of the log. */
  readonly log: string;
  /** Position in the log, from 0. */
  readonly seq: number;
  /** Milliseconds since 1970, by the writer's clock. */
  readonly ts: number;
  /** `hash` of the entry before; of the genesis entry: 64 zeros. */
  readonly prev: string;
  /** SHA-256 over the byte 0 and the canonical entry (the leaf hash of RFC 6962), hexadecimal. */
  readonly hash: string;
  /** HMAC-SHA256 over `hash`, and so over the canonical entry, hexadecimal. */
  readonly mac: string;
}

/** `prev` of the first entry. */
export const NO_ENTRY: string = '0'.repeat(64);
