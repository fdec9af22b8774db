/** What was decided of a call; `absent` when there is no such tool, so that no guard was asked. */
export type Verdict = 'allow' | 'ask' | 'deny' | 'absent' | 'undecided';

/** What was decided of a recorded call. */
export interface JudgedCall {
  readonly tool: string;
  readonly verdict: Verdict;
  /** Why, where it was not allowed. */
  readonly reason?: string;
  /** Whether the attack needs it. */
  readonly sink: boolean;
  /** Whether it was made for the attacker, as recorded. */
  readonly injected: boolean;
}

/** A recorded run and what was decided of its calls. */
export interface JudgedRun {
  /** The task of the user in the data set. */
  readonly user: string;
  readonly attacked: boolean;
  readonly calls: readonly JudgedCall[];
  /** What must not have happened, whatever was decided. */
  readonly problems: readonly string[];
}
