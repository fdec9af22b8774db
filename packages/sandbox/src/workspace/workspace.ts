import type { CommandResult, DirectoryEntry, FileStat, FoundFile, FoundLine } from './found.mts';

/** A command line for `/bin/sh`. */
export interface WorkspaceCommand {
  readonly command: string;
  /** Where it starts, relative to the root. @default the root */
  readonly cwd?: string | undefined;
  /** Variables that it sees; they are arguments, which are decided on and logged. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Lines of text that are looked for. */
export interface TextSearch {
  /** Literally. */
  readonly text: string;
  /** A file, or a directory and everything below it. @default the root */
  readonly path?: string | undefined;
  /** Which files, as `*.ts` by name or `src/**` by path. @default all */
  readonly glob?: string | undefined;
  readonly maxCount?: number | undefined;
}

/** What was found; `truncated` says that there may be more. */
export interface Found<T> {
  readonly found: readonly T[];
  readonly truncated: boolean;
}

/**
 * A directory in which commands run and files live. Relative paths start in its root; links are
 * followed as far as there is anything to follow them to.
 */
export interface Workspace {
  readonly root: string;
  run(command: WorkspaceCommand, signal?: AbortSignal): Promise<CommandResult>;
  /** Its bytes, or `null` where there is none. */
  readFile(path: string, signal?: AbortSignal): Promise<Uint8Array | null>;
  /** Creates directories on the way, and overwrites. */
  writeFile(path: string, content: string | Uint8Array, signal?: AbortSignal): Promise<void>;
  /** `null` where there is nothing. */
  stat(path: string, signal?: AbortSignal): Promise<FileStat | null>;
  /** What is in a directory, or `null` where there is none. */
  list(path: string, signal?: AbortSignal): Promise<readonly DirectoryEntry[] | null>;
  /** Whether it was there. A link is deleted itself; a directory only with `recursive`. */
  remove(
    path: string,
    options?: { readonly recursive?: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<boolean>;
  /** Files whose path below `path` a pattern matches. */
  find(pattern: string, path?: string, signal?: AbortSignal): Promise<Found<FoundFile>>;
  search(search: TextSearch, signal?: AbortSignal): Promise<Found<FoundLine>>;
}
