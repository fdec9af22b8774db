/** How a child process is started. Its descriptor 3 is the channel to its parent. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** What it can read from descriptor 4 on, in order. */
  readonly feeds: readonly Uint8Array[];
}
