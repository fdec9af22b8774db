import { type Caller, createCaller } from './caller.ts';
import { environmentOf } from './environment.ts';
import type { Limits } from './limits.ts';
import { moduleRoots } from './module-roots.ts';
import { NODE_MB, nodeArguments } from './node-arguments.ts';
import { dyingWithParent } from './wrap-command.ts';

/** How modules are called in a child process. */
export interface ChildCallerOptions {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly env: readonly string[];
  readonly spares: number;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** Calls functions of modules in fresh Node processes under Node's own permission model. */
export function childCaller(
  limits: Limits,
  { read, write, env, spares, fetch }: ChildCallerOptions,
): Caller {
  return createCaller({
    limits,
    ceiling: { rssMb: limits.memoryMb + NODE_MB, processes: 1 },
    paths: [...read, ...write],
    spares,
    fetch,
    launch(url) {
      const permissions = { read: [...moduleRoots(url), ...read], write };
      const [command, ...args] = dyingWithParent([
        process.execPath,
        ...nodeArguments(url, limits.memoryMb, permissions),
      ]);
      return { command, args, env: environmentOf(env), cwd: process.cwd(), feeds: [] };
    },
  });
}
