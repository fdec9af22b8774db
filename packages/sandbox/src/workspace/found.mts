// Types only: also used by what runs inside.

/** What came of a command. */
export interface CommandResult {
  /** 128 and the signal's number where a signal ended it, as shells have it. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Whether it printed more than is here. */
  readonly truncated: boolean;
}

export interface FileStat {
  readonly type: 'file' | 'directory' | 'other';
  readonly size: number;
  /** In milliseconds since 1970. */
  readonly modifiedMs: number;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
}

export interface FoundFile {
  /** Absolute. */
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
}

export interface FoundLine {
  /** Absolute. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** Bytes as JSON carries them: as text where they are UTF-8, so that a policy can read them. */
export type Content = { readonly text: string } | { readonly base64: string };
