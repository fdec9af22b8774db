import { availableParallelism } from 'node:os';
import type { Guarantees, Sandbox } from '@guardstile/core';
import { type Caller, createCaller } from '../child/caller.ts';
import { environmentOf } from '../child/environment.ts';
import { type Limits, limitsOf, positive } from '../child/limits.ts';
import { moduleRoots } from '../child/module-roots.ts';
import { moduleSandbox } from '../child/module-sandbox.ts';
import { NODE_MB, nodeArguments, RUNNER_FILES } from '../child/node-arguments.ts';
import { type ModuleSandboxOptions, readModuleOptions } from '../child/options.ts';
import { prove } from '../child/prove.ts';
import { osLaunch } from './os-launch.ts';
import { unavailable, whyNotStarted } from './unavailable.ts';

export interface OsSandboxOptions extends ModuleSandboxOptions {
  /** Size of the tool's own `/tmp`, in megabytes. @default 64 */
  readonly tmpMb?: number;
  /** How many processes a call may have at once. @default 32 */
  readonly processes?: number;
  /** The program bubblewrap, as an absolute path. @default the system's */
  readonly bwrap?: string;
}

const NAME = 'os';

/** What the kernel stops. On macOS nobody but the parent limits memory. */
export const OS_GUARANTEES: Guarantees = Object.freeze({
  files: 'os',
  network: 'os',
  processes: 'os',
  environment: 'os',
  memory: process.platform === 'linux' ? 'os' : 'runtime',
  cpu: 'os',
  time: process.platform === 'linux' ? 'os' : 'runtime',
});

/**
 * Runs each call of a tool in a fresh Node process under the isolation of the operating system: no
 * file but the runtime, the tool's module and the declared paths, no network, no other process.
 *
 * @example
 * const sandbox = osSandbox({
 *   tools: { convert: { module: new URL('./tools/convert.js', import.meta.url) } },
 *   read: ['/srv/templates'],
 * });
 *
 * @throws {GuardError} `options_invalid`
 */
export function osSandbox(given: OsSandboxOptions): Sandbox {
  const options = readModuleOptions('osSandbox', given, ['tmpMb', 'processes', 'bwrap']);
  const { tools, passOn } = options;
  const caller = osCaller('osSandbox', limitsOf('osSandbox', options), options);
  return moduleSandbox({
    name: NAME,
    guarantees: OS_GUARANTEES,
    tools,
    passOn,
    caller,
    prove: () => prove(caller, OS_GUARANTEES),
  });
}

/** How modules are called under OS isolation. */
export interface OsCallerOptions {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly env: readonly string[];
  readonly spares: number;
  readonly tmpMb?: number | undefined;
  readonly processes?: number | undefined;
  readonly bwrap?: string | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** What the modules import. @default what lies beside them and what is installed */
  readonly roots?: readonly string[] | undefined;
}

export function osCaller(
  what: string,
  limits: Limits,
  { read, write, env, spares, tmpMb = 64, processes = 32, bwrap, fetch, roots }: OsCallerOptions,
): Caller {
  const size = positive(what, 'tmpMb', tmpMb, 1_048_576);
  const most = positive(what, 'processes', processes, 4096);
  return createCaller({
    limits,
    // Beside the tool's own there are bubblewrap outside and inside.
    ceiling: { rssMb: limits.memoryMb + NODE_MB, processes: most + 2 },
    paths: [...read, ...write],
    spares,
    fetch,
    unavailable: () => unavailable(bwrap),
    whyNotStarted,
    launch: (url) =>
      osLaunch(
        [process.execPath, ...nodeArguments(url, limits.memoryMb, undefined)],
        {
          read: [process.execPath, ...RUNNER_FILES, ...(roots ?? moduleRoots(url)), ...read],
          write,
          tmpMb: size,
        },
        {
          dataMb: Math.max(LEAST_DATA_MB, limits.memoryMb + NODE_DATA_MB),
          // All its threads together; its time ends it first.
          cpuSeconds: Math.ceil((limits.timeoutMs / 1000) * availableParallelism()) + 1,
          fileMb: size,
          openFiles: 256,
          processes: most + NODE_THREADS,
        },
        environmentOf(env),
        bwrap,
      ),
  });
}

/** Node does not start with less, measured; and what it reserves without using it. */
const LEAST_DATA_MB = 768;
const NODE_DATA_MB = 512;
/** The kernel counts threads as processes. */
const NODE_THREADS = 64;
