import { type Guard, type GuardedTool, GuardError } from '@guardstile/core';
import type {
  CommandResult,
  Content,
  DirectoryEntry,
  FileStat,
  FoundFile,
  FoundLine,
} from './found.mts';
import { type Operation, OPERATIONS, WORKSPACE } from './operations.ts';
import type { Found, Workspace } from './workspace.ts';

/** Runs an operation inside. */
export type Start = (
  operation: Operation,
  args: unknown,
  signal: AbortSignal | undefined,
) => Promise<unknown>;

/** The operations, each a call of a guard's if there is one. */
export function openWorkspace(root: string, guard: Guard | undefined, start: Start): Workspace {
  const enter = guard === undefined ? start : guarded(guard);
  // What comes back is of file-operations.mts, beside which nothing runs; commands are looked at below.
  const call = <T>(operation: Operation, args: object, signal?: AbortSignal): Promise<T> =>
    enter(operation, withoutUndefined(args), signal) as Promise<T>;

  return {
    root,
    run: async (command, signal) => resultOf(await call('runCommand', command, signal)),
    async readFile(path, signal) {
      return bytesOf(await call<Content | null>('readFile', { path }, signal));
    },
    async writeFile(path, content, signal) {
      await call('writeFile', { path, ...contentOf(content) }, signal);
    },
    stat: (path, signal) => call<FileStat | null>('statFile', { path }, signal),
    list: (path, signal) =>
      call<readonly DirectoryEntry[] | null>('listDirectory', { path }, signal),
    remove: (path, { recursive, signal } = {}) =>
      call<boolean>('deleteFile', { path, recursive }, signal),
    find: (pattern, path, signal) => call<Found<FoundFile>>('findFiles', { pattern, path }, signal),
    search: (search, signal) => call<Found<FoundLine>>('searchFiles', search, signal),
  };
}

function guarded(guard: Guard): Start {
  const tools = new Map<Operation, GuardedTool>();

  function toolOf(name: Operation): GuardedTool {
    const known = tools.get(name);
    if (known !== undefined) return known;
    const tool = guard.tool({
      name,
      source: WORKSPACE,
      facts: OPERATIONS[name],
      // Whatever else the guard has: without this sandbox they do not run.
      requires: { files: 'os', network: 'os', processes: 'os', environment: 'os' },
    });
    tools.set(name, tool);
    return tool;
  }

  return async (operation, args, signal) =>
    toolOf(operation).run({ args, ...contextOf(guard, signal) }, (): unknown => {
      throw new GuardError(
        'sandbox_unavailable',
        'its guard has no workspace; pass the sandbox to it: createGuard({ sandbox: workspaceSandbox(…) })',
        { tool: operation },
      );
    });
}

function contextOf(guard: Guard, signal: AbortSignal | undefined) {
  if (signal === undefined) return {};
  const { signal: own } = guard.context;
  return { context: { signal: own === undefined ? signal : AbortSignal.any([own, signal]) } };
}

/** Policies see fields that are there. */
function withoutUndefined(args: object): object {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}

/** Written down beside the command, which is hostile. */
function resultOf(value: unknown): CommandResult {
  const { exitCode, stdout, stderr, truncated } = { ...(value as object) } as {
    [K in keyof CommandResult]?: unknown;
  };
  if (typeof exitCode === 'number' && typeof stdout === 'string' && typeof stderr === 'string') {
    return { exitCode, stdout, stderr, truncated: truncated === true };
  }
  throw new GuardError('sandbox_crashed', 'what ran the command answered nonsense');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function contentOf(content: string | Uint8Array): Content {
  if (typeof content === 'string') return { text: content };
  try {
    return { text: utf8.decode(content) };
  } catch {
    return { base64: Buffer.from(content).toString('base64') };
  }
}

function bytesOf(content: Content | null): Uint8Array | null {
  if (content === null) return null;
  const bytes =
    'text' in content ? Buffer.from(content.text) : Buffer.from(content.base64, 'base64');
  return new Uint8Array(bytes);
}
