import { Buffer } from 'node:buffer';
import { globSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type {
  CommandResult,
  DirectoryEntry,
  FileStat,
  FoundFile,
  FoundLine,
  WireContent,
} from './workspace-types.mts';
import { runShell } from './run-shell.mts';

// Runs inside a child under OS isolation, whose walls are all that confines a path here.

/** What every operation is told beside its arguments. */
interface Place {
  readonly root: string;
  readonly maxBytes: number;
}

const SLACK_BYTES = 1024;

export function runCommand(
  args: Place & {
    readonly command: string;
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<CommandResult> {
  const { root, maxBytes, command, cwd = '.', env = {} } = args;
  return runShell(command, { cwd: resolve(root, cwd), env, maxBytes: maxBytes - SLACK_BYTES });
}

export function readFile({ root, path, maxBytes }: Place & { readonly path: string }): WireContent | null {
  const file = resolve(root, path);
  const stats = orNull(() => statSync(file));
  if (stats === null) return null;
  if (stats.isDirectory()) throw coded('EISDIR', `${path} is a directory`);
  // A pipe would wait for its other end.
  if (!stats.isFile()) throw coded('EINVAL', `${path} is no file`);
  if (stats.size > maxBytes) {
    throw coded('EFBIG', `${path} has ${stats.size} bytes, more than maxFileBytes (${maxBytes})`);
  }
  return wireContent(readFileSync(file));
}

export function writeFile({ root, path, text, base64 = '' }: Place & { readonly path: string } & Partial<
    Record<'text' | 'base64', string>
  >): null {
  const file = resolve(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text ?? Buffer.from(base64, 'base64'));
  return null;
}
