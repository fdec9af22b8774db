import type { CallContext, ToolIdentity } from '../call.ts';
import type { Digest } from '../digest.ts';
import type { MaybePromiseAnswer } from '../steps.ts';
import type { ToolFacts } from '../facts.ts';
import type { GrantOffer } from './grant.ts';
import type { Vote } from './approval.ts';
import type { Requirements } from './requirements.ts';

/** What an approver is shown: exactly what will run, with secrets hidden. */
export interface ApprovalRequest {
  readonly aid: string;
  readonly rid: string;
  readonly tool: ToolIdentity;
  readonly facts: ToolFacts;
  /** What the tool will receive, with values that look like secrets replaced. */
  readonly args: unknown;
  /** Paths into `args` whose value is hidden; they have to be revealed before an approval counts. */
  readonly hidden: readonly string[];
  readonly digest: Digest;
  readonly reason: string;
  readonly rule?: string;
  readonly requirements: Requirements;
  /** Labels of the session, such as `untrusted`. */
  readonly labels: readonly string[];
  /** What others have answered so far. */
  readonly votes: readonly Vote[];
  readonly context: CallContext;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** The arguments without anything hidden; that it was called is audited first. */
  reveal(): Promise<unknown>;
}

/**
 * An answer. `abstain` says that nobody answered, and why; so does anything else, and nothing runs
 * unless the votes of others suffice.
 */
export type ApproverAnswer =
  | 'approve'
  | 'deny'
  | { readonly verdict: 'deny' | 'abstain'; readonly note?: string }
  | {
      readonly verdict: 'approve';
      readonly note?: string;
      /** Top-level fields of the arguments with other values; only those that the ask lets change. */
      readonly edited?: Readonly<Record<string, unknown>>;
      /** What is to hold for later calls too, where the ask offers it. */
      readonly grant?: GrantOffer;
    };

export type AskApprover = (
  request: ApprovalRequest,
  options: { readonly signal: AbortSignal },
) => MaybePromiseAnswer<ApproverAnswer>;

/** Somebody who can be asked in this process. */
export interface Approver {
  /** How the vote came in, such as `terminal`. */
  readonly name: string;
  /** Who votes; absent: the requester. Asks that name approvers count only an approver with an id. */
  readonly voter?: { readonly id: string; readonly roles?: readonly string[] };
  /**
   * Whether it may answer this ask at all. One that may not is left out.
   *
   * @default it may
   */
  accepts?(requirements: Requirements): boolean;
  readonly ask: AskApprover;
}
