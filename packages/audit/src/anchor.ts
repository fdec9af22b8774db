/**
 * Where checkpoints are kept out of reach of whoever can change the log: another account's disk, a
 * witness, a colleague's mailbox. The log is protected up to what was anchored last.
 */
export interface Anchor {
  readonly name: string;
  /** The signed checkpoint that was kept last for this log, if any. */
  latest(log: string): Promise<string | undefined>;
  /** Keeps a signed checkpoint. One that is smaller than the latest is refused or ignored. */
  publish(log: string, note: string): Promise<void>;
}
