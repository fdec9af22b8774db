/** Where a command writes to. */
export interface Io {
  /** Results. */
  readonly out: (text: string) => void;
  /** Everything else: progress, advice, errors. */
  readonly error: (text: string) => void;
  /** Whether a person watches. */
  readonly interactive: boolean;
  /** Ends commands that would go on for ever. */
  readonly signal: AbortSignal;
}

/** How a command ends. */
export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** Wrong use: nothing was looked at. */
export const USAGE: ExitCode = 2;
