import { isAbsolute } from 'node:path';

import { GuardError, type Guarantees, ownOptions, type Sandbox } from '@guardstile/core';

import {
  type ArgumentKind,
  confineArguments,
  type Found,
  refusedArgument,
} from '../arguments/confine-arguments.ts';
import { type DeclaredFields, readDeclared } from '../arguments/declared-fields.ts';
import { sizeOf } from '../arguments/size-of.ts';
import { onlyArguments } from '../only-arguments.ts';
import { inShapeOf, isFileUrl, pathOfUrl, unclearPath } from './path-text.ts';
import { type ProtectedFiles, protectedFiles } from './protected-files.ts';
import { resolvePath, type ResolvedPath } from './resolve-path.ts';
import { goneRoot, isWithin, openRoot, type Root } from './roots.ts';

/** What a tool does with a path. */
export type PathUse = 'read' | 'write';

export interface FilesystemSandboxOptions {
  /** Directories that tools may read and write; the first is where relative paths start. `[]` permits nothing. */
  readonly roots: readonly string[];
  /** Directories that may only be read: by tools whose effect is `readOnly`, and in fields declared `read`. */
  readonly readOnlyRoots?: readonly string[];
  /**
   * Which fields hold paths: a list for every tool, or by tool, `{ copy: { from: 'read', to: 'write' } }`;
   * `false` says that a field holds none, whatever it looks like.
   */
  readonly pathArgs?: DeclaredFields<PathUse>;
  /** Whether paths are looked for in the other fields too. Only ever refuses more. @default true */
  readonly autoDetect?: boolean;
  /** Bytes of the largest file that is read, and of the largest value that is given to be written. */
  readonly maxFileSize?: number;
  /**
   * Files and directories that no tool reaches, whatever policy and mode say: policies, logs, stores,
   * keys, `.env`. Whatever continues their names (`log.db-wal`) and hard links to them belong to them.
   */
  readonly protect?: readonly string[];
}

/** A sandbox whose {@link FilesystemSandbox.roots} can be read. */
export interface FilesystemSandbox extends Sandbox {
  /** The real paths of the directories, those that can only be read included. */
  readonly roots: readonly string[];
}

const KNOWN = [
  'roots',
  'readOnlyRoots',
  'pathArgs',
  'autoDetect',
  'maxFileSize',
  'protect',
] as const satisfies ReadonlyArray<keyof FilesystemSandboxOptions>;

/**
 * Confines path arguments to directories and hands the tool the resolved paths only. A tool that
 * opens other paths than those of its arguments is not held back by it.
 *
 * @example
 * const sandbox = filesystemSandbox({ roots: ['./workspace'], protect: ['policy.yaml', '.env'] });
 * createGuard({ policy, sandbox });
 *
 * @throws {GuardError} `options_invalid`, or `sandbox_unavailable` for a root that cannot be used.
 */
export function filesystemSandbox(options: FilesystemSandboxOptions): FilesystemSandbox {
  const own = ownOptions('filesystemSandbox', options, KNOWN, 'options_invalid');
  const { autoDetect = true, maxFileSize = Infinity, readOnlyRoots = [], protect = [] } = own;
  for (const [name, list] of Object.entries({ roots: own.roots, readOnlyRoots, protect })) {
    checkPaths(name, list);
  }
  for (const path of protect) checkName(path);
  checkSize(maxFileSize);
  const writable = own.roots.map(openRoot);
  const readable = readOnlyRoots.map(openRoot);
  const usesOf = readDeclared<PathUse>('pathArgs', own.pathArgs, ['read', 'write']);
  const place: Place = {
    roots: { read: [...writable, ...readable], write: writable },
    base: (writable[0] ?? readable[0])?.path,
    protected: protectedFiles(protect),
    maxFileSize,
  };
  const roots = Object.freeze(place.roots.read.map(({ path }) => path));
  return {
    ...onlyArguments('filesystem', FILES, () => goneAmong(place.roots.read)),
    roots,
    confine(call) {
      const gone = goneAmong(place.roots.read);
      if (gone !== undefined) return { refused: gone };
      const use = call.facts.effect === 'readOnly' ? 'read' : 'write';
      if (use === 'write' && sizeOf(call.confined) > maxFileSize) {
        return { refused: `it writes more than ${maxFileSize} bytes at once` };
      }
      return confineArguments(call, kindOf(place, use), usesOf(call.tool.name), autoDetect);
    },
  };
}

const FILES: Partial<Guarantees> = { files: 'args' };

interface Place {
  readonly roots: Readonly<Record<PathUse, readonly Root[]>>;
  /** Where relative paths start. */
  readonly base: string | undefined;
  readonly protected: ProtectedFiles;
  readonly maxFileSize: number;
}

const WORDS: ReadonlySet<string> = new Set(
  'path paths file files filename filenames filepath dir dirs directory folder cwd src dest destination root workdir'.split(
    ' ',
  ),
);

/** From a root, the home or a parent directory, or through `..` on the way. */
const LOOKS_LIKE_PATH =
  /^(?:file:|~(?:[\\/]|$)|[\\/]|\.{1,2}[\\/]|[a-z]:[\\/])|(?:^|[\\/])\.\.(?:[\\/]|$)/i;
const OTHER_URL = /^(?!file:)[a-z][a-z0-9+.-]+:\/\//i;

function kindOf(place: Place, use: PathUse): ArgumentKind<PathUse> {
  return {
    words: WORDS,
    looksLike: (text) => !/[\n\r]/.test(text) && LOOKS_LIKE_PATH.test(text),
    confine: (value, found) => confinePath(value, found, place, use),
    pass: (text) => passText(text, place, use),
  };
}

function confinePath(
  value: unknown,
  found: Found<PathUse>,
  place: Place,
  usual: PathUse,
): string | URL {
  if (typeof value !== 'string' && !(value instanceof URL)) {
    throw refusedArgument('a path has to be text');
  }
  const use = found === 'read' || found === 'write' ? found : usual;
  if (isOtherUrl(value) && (found === 'named' || found === 'look')) return value;
  const text = pathText(value);
  const unclear = unclearPath(text, process.platform === 'win32');
  if (unclear !== undefined) throw refusedArgument(`"${text}" ${unclear}`);
  return inShapeOf(value, confined(text, use, place));
}

/** What nobody took for a path may be one to the tool, from wherever the tool starts. */
function passText(given: string, place: Place, use: PathUse): void {
  const text = isFileUrl(given) ? (pathOfUrl(given) ?? '') : given;
  if (!place.protected.isNamedBy(text) || unclearPath(text, false) !== undefined) return;
  for (const base of [place.base ?? process.cwd(), process.cwd()]) {
    refuseProtected(text, resolvePath(from(base, text)), place, use);
  }
}

function refuseProtected(text: string, resolved: ResolvedPath, place: Place, use: PathUse): void {
  const guarded = place.protected.reachedBy(resolved, use);
  if (guarded === undefined) return;
  throw refusedArgument(`"${text}" reaches ${guarded}, which is protected from tools`);
}

/** A URL of somewhere else. With `..` in it, what reads it as a path could leave by it. */
function isOtherUrl(value: string | URL): boolean {
  if (value instanceof URL) return value.protocol !== 'file:';
  return OTHER_URL.test(value) && !/(?:^|[\\/])\.\.(?:[\\/]|$)/.test(value);
}

function pathText(value: string | URL): string {
  const path = isFileUrl(value) ? pathOfUrl(value) : value;
  if (typeof path === 'string') return path;
  throw refusedArgument(`"${String(value)}" is no URL of a file on this machine`);
}

function confined(text: string, use: PathUse, place: Place): string {
  if (place.base === undefined) throw refusedArgument('no directory is open to tools');
  const resolved = resolvePath(from(place.base, text));
  const { path, stats } = resolved;
  refuseProtected(text, resolved, place, use);
  if (!place.roots[use].some((root) => isWithin(root.path, path))) {
    throw refusedArgument(outside(text, use, path, place));
  }
  if (stats === undefined || stats.isDirectory()) return path;
  if (!stats.isFile()) throw refusedArgument(`"${text}" is neither a file nor a directory`);
  if (stats.size > place.maxFileSize) {
    throw refusedArgument(`"${text}" is larger than ${place.maxFileSize} bytes`);
  }
  return path;
}

/** Not normalised: `..` behind a link is not what it looks like. */
function from(base: string, text: string): string {
  return isAbsolute(text) ? text : `${base}/${text}`;
}

function outside(text: string, use: PathUse, path: string, { roots }: Place): string {
  if (use === 'write' && roots.read.some((root) => isWithin(root.path, path))) {
    return `"${text}" can only be read; a tool that only reads states it (readOnly), or its field is declared in pathArgs`;
  }
  const where = roots[use].map((root) => root.path).join(', ');
  return `"${text}" is outside of ${where === '' ? 'every root' : where}; a text that is no path is declared with pathArgs: { tool: { field: false } }`;
}

function goneAmong(roots: readonly Root[]): string | undefined {
  for (const root of roots) {
    const gone = goneRoot(root);
    if (gone !== undefined) return gone;
  }
  return undefined;
}

function checkPaths(name: string, list: unknown): void {
  const texts = Array.isArray(list) && list.every((one) => typeof one === 'string' && one !== '');
  if (!texts) throw invalid(`${name} has to be a list of paths`);
}

/** A pattern would silently protect nothing. */
function checkName(path: string): void {
  if (!/[*?]/.test(path)) return;
  throw invalid(`protect: "${path}" is a pattern; name files and directories themselves`);
}

function checkSize(size: number): void {
  if (size !== Infinity && (!Number.isSafeInteger(size) || size < 0)) {
    throw invalid('maxFileSize has to be a whole number of bytes');
  }
}

function invalid(what: string): GuardError {
  return new GuardError('options_invalid', `filesystemSandbox: ${what}`);
}
