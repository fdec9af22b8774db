/** Where a command writes to. */
export interface Io {
  /** Results. */
  readonly out: (text: string) => void;
  /** Everything else: progress, advice, errors. */
  readonly error: (text: string) => void;
  /** Whether a person watches. */
  readonly interactive: boolean;
  /** Asks the person at the terminal; nothing, where they leave. Absent: there is nobody to ask. */
  readonly ask?: (question: string) => Promise<string | undefined>;
  /** Ends commands that would go on for ever. */
  readonly signal: AbortSignal;
}

/** How a command ends. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6;

/** Wrong use: nothing was looked at. */
export const USAGE: ExitCode = 2;
