/** What the approval dialog shows, out of the store: this runs, whatever the conversation says. */
export interface OpenApproval {
  readonly tool: string;
  readonly args: unknown;
  readonly reason: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}
