/** What a process under OS isolation gets; everything else is not there. */
export interface OsProfile {
  /** Absolute paths that can be read, at their own place. */
  readonly read: readonly string[];
  /** Absolute paths that can be read and written. */
  readonly write: readonly string[];
  /** Size of its own `/tmp`, in megabytes. */
  readonly tmpMb: number;
}
