/** A file that code wrote, as text or, where it is none, in base64. */
export type CodeFile =
  | { readonly name: string; readonly text: string }
  | { readonly name: string; readonly base64: string };

/** What code printed and wrote. */
export interface CodeOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly files: readonly CodeFile[];
}

/** How code ended that ran to its end, or that was stopped from inside. */
export type CodeReport =
  | ({ readonly outcome: 'value'; readonly result: unknown } & CodeOutput)
  | ({
      readonly outcome: 'error';
      readonly error: { readonly name: string; readonly message: string };
    } & CodeOutput)
  | ({ readonly outcome: 'timeout' | 'memory' | 'output'; readonly reason: string } & CodeOutput);

/** Code and what it may use. */
export interface CodeTask {
  readonly code: string;
  /** Files that it finds, by name. */
  readonly files: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** Bytes of everything that it prints, returns and writes, together. */
  readonly maxOutputBytes: number;
  /** The program that runs it, where it is one. */
  readonly interpreter?: string;
}
