import { existsSync, realpathSync, statSync } from 'node:fs';
import { parse, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Guard, GuardError, ownOptions, type Sandbox, type ToolCall } from '@guardstile/core';
import { type CallLimits, type Limits, limitsOf, positive } from '../child/limits.ts';
import { CODES, type Outcome, valueOf } from '../child/outcome.ts';
import { prove } from '../child/prove.ts';
import { OS_GUARANTEES, osCaller } from '../os/os-sandbox.ts';
import { openWorkspace } from './open-workspace.ts';
import { type Operation, OPERATIONS, WORKSPACE } from './operations.ts';
import type { Workspace } from './workspace.ts';

export interface WorkspaceSandboxOptions extends CallLimits {
  /** The directory that commands and file operations work in, and may change. It has to be there. */
  readonly root: string;
  /** Files and directories that can be read besides; those below the root cannot be changed then. @default none */
  readonly read?: readonly string[];
  /** Environment variables of this process that commands see. @default none */
  readonly env?: readonly string[];
  /** Largest file that is read or written in one piece. @default 8_388_608 */
  readonly maxFileBytes?: number;
  /** Size of the `/tmp` that each call has of its own, in megabytes. @default 64 */
  readonly tmpMb?: number;
  /** How many processes a command may have at once. @default 32 */
  readonly processes?: number;
  /** The program bubblewrap, as an absolute path. @default the system's */
  readonly bwrap?: string;
  /** How many processes wait for the next call. @default 1 */
  readonly spares?: number;
}

const KNOWN = [
  'root',
  'read',
  'env',
  'maxFileBytes',
  'tmpMb',
  'processes',
  'bwrap',
  'spares',
  'timeoutMs',
  'memoryMb',
  'maxOutputBytes',
] as const satisfies ReadonlyArray<keyof WorkspaceSandboxOptions>;

/** A directory whose every operation runs in a process of its own, under the isolation of the operating system. */
export interface WorkspaceSandbox extends Sandbox {
  /** The real path of the directory, which is the same inside. */
  readonly root: string;
  /**
   * The operations. With a guard that has this sandbox, each is a tool call of source `workspace`
   * (`runCommand`, `readFile`, `writeFile`, `statFile`, `listDirectory`, `deleteFile`, `findFiles`,
   * `searchFiles`): decided, logged and confined. Without one they are confined only.
   */
  open(guard?: Guard): Workspace;
}

const MODULE = new URL('./inside.mjs', import.meta.url).href;

/** A byte takes up to six in JSON. */
const JSON_GROWTH = 6;
const JSON_FRAME = 65_536;

/**
 * A workspace for an agent: commands and files that reach nothing but one directory (and `/usr` to
 * read), without network.
 *
 * @example
 * const sandbox = workspaceSandbox({ root: '/srv/workspaces/17' });
 * const guard = createGuard({ policy, sandbox });
 * const { exitCode, stdout } = await sandbox.open(guard).run({ command: 'ls -l | head' });
 *
 * @throws {GuardError} `options_invalid`
 */
export function workspaceSandbox(given: WorkspaceSandboxOptions): WorkspaceSandbox {
  const options = ownOptions('workspaceSandbox', given, KNOWN, 'options_invalid');
  const { read = [], env = [], spares = 1, tmpMb, processes, bwrap } = options;
  const root = directory(options.root);
  const limits = limitsOf('workspaceSandbox', options);
  const maxFileBytes = positive(
    'workspaceSandbox',
    'maxFileBytes',
    options.maxFileBytes ?? 8 * 1_048_576,
    2 ** 26,
  );
  const caller = osCaller('workspaceSandbox', aroundJson(limits, maxFileBytes), {
    read: read.map(there),
    write: [root],
    env,
    spares,
    tmpMb,
    processes,
    bwrap,
    roots: OWN_FILES,
  });

  async function start(
    operation: Operation,
    args: unknown,
    signal: AbortSignal | undefined,
  ): Promise<Outcome> {
    const maxBytes = operation === 'runCommand' ? limits.maxOutputBytes : maxFileBytes;
    return caller.call({
      url: MODULE,
      export: operation,
      args: { ...(args as object), root, maxBytes },
      signal,
    });
  }

  return {
    name: WORKSPACE,
    guarantees: OS_GUARANTEES,
    root,
    check: () => prove(caller, OS_GUARANTEES),
    takes,
    run(call, run) {
      if (!takes(call)) return run.execute();
      const operation = call.tool.name as Operation; // looked up
      return start(operation, call.confined, run.signal).then((outcome) => valueOf(outcome, call));
    },
    open: (guard) =>
      openWorkspace(root, guard, async (operation, args, signal) =>
        plainValueOf(await start(operation, args, signal), operation),
      ),
    close: () => caller.close(),
  };
}

/** The same without a call of a guard's. */
function plainValueOf(outcome: Outcome, tool: Operation): unknown {
  switch (outcome.kind) {
    case 'value':
      return outcome.value;
    case 'threw':
      throw outcome.error;
    case 'aborted':
      throw outcome.cause;
    default:
      throw new GuardError(CODES[outcome.kind], outcome.reason, { tool });
  }
}

function takes({ tool }: ToolCall): boolean {
  return tool.source === WORKSPACE && Object.hasOwn(OPERATIONS, tool.name);
}

/** What is needed inside: the operations, and what starts them. */
const OWN_FILES: readonly string[] = ['.', '../child'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

function aroundJson(limits: Limits, maxFileBytes: number): Limits {
  const most = Math.max(limits.maxOutputBytes, maxFileBytes);
  return { ...limits, maxOutputBytes: most * JSON_GROWTH + JSON_FRAME };
}

function directory(given: unknown): string {
  const path = typeof given === 'string' && given !== '' ? resolve(given) : undefined;
  if (path === undefined || !existsSync(path) || !statSync(path).isDirectory()) {
    throw invalid(
      `root has to be a directory that is there, and ${String(given)} is none; create it first`,
    );
  }
  const real = realpathSync(path);
  // Bound as a whole it would bring everything back that is kept out.
  if (real === parse(real).root) throw invalid('root is the whole file system; name a directory');
  return real;
}

function there(given: string): string {
  const path = resolve(given);
  if (existsSync(path)) return path;
  throw invalid(`read: there is no ${path}; create it first or leave it out`);
}

function invalid(what: string): GuardError {
  return new GuardError('options_invalid', `workspaceSandbox: ${what}`);
}
