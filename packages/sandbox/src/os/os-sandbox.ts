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
import { type Command, type ResourceLimits, withResourceLimits } from '../child/wrap-command.ts';
import { drivenLaunches } from './driven-launch.ts';
import type { OsDriver } from './os-driver.ts';
import { osLaunch } from './os-launch.ts';
import type { OsProfile } from './profile.ts';
import { unavailable, whyNotStarted } from './unavailable.ts';

export interface OsSandboxOptions extends ModuleSandboxOptions {
  /** Size of the tool's own `/tmp`, in megabytes. @default 64 */
  readonly tmpMb?: number;
  /** How many processes a call may have at once. @default 32 */
  readonly processes?: number;
  /** The program bubblewrap, as an absolute path. @default the system's */
  readonly bwrap?: string;
  /** What starts the processes, such as `sandboxRuntime(SandboxManager)`. @default bubblewrap, or `sandbox-exec` */
  readonly driver?: OsDriver;
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

/** A driver need not limit how much a tool keeps in directories in memory. */
const DRIVEN_GUARANTEES: Guarantees = Object.freeze({ ...OS_GUARANTEES, memory: 'runtime' });

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
  const options = readModuleOptions('osSandbox', given, ['tmpMb', 'processes', 'bwrap', 'driver']);
  const { tools, passOn } = options;
  const caller = osCaller('osSandbox', limitsOf('osSandbox', options), options);
  const guarantees = options.driver === undefined ? OS_GUARANTEES : DRIVEN_GUARANTEES;
  return moduleSandbox({
    name: NAME,
    guarantees,
    tools,
    passOn,
    caller,
    prove: () => prove(caller, guarantees),
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
  readonly driver?: OsDriver | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** What the modules import. @default what lies beside them and what is installed */
  readonly roots?: readonly string[] | undefined;
}

export function osCaller(
  what: string,
  limits: Limits,
  {
    read,
    write,
    env,
    spares,
    tmpMb = 64,
    processes = 32,
    bwrap,
    driver,
    fetch,
    roots,
  }: OsCallerOptions,
): Caller {
  const size = positive(what, 'tmpMb', tmpMb, 1_048_576);
  const most = positive(what, 'processes', processes, 4096);
  const resources: ResourceLimits = {
    dataMb: Math.max(LEAST_DATA_MB, limits.memoryMb + NODE_DATA_MB),
    // All its threads together; its time ends it first.
    cpuSeconds: Math.ceil((limits.timeoutMs / 1000) * availableParallelism()) + 1,
    fileMb: size,
    openFiles: 256,
    processes: most + NODE_THREADS,
  };

  const commandFor = (url: string): Command => [
    process.execPath,
    ...nodeArguments(url, limits.memoryMb, undefined),
  ];
  const profileFor = (url: string): OsProfile => ({
    read: [process.execPath, ...RUNNER_FILES, ...(roots ?? moduleRoots(url)), ...read],
    write,
    tmpMb: size,
  });
  const driven =
    driver &&
    drivenLaunches(driver, (url) => ({
      command: withResourceLimits(commandFor(url), resources),
      profile: profileFor(url),
      variables: env,
    }));

  return createCaller({
    limits,
    ceiling: {
      rssMb: limits.memoryMb + NODE_MB,
      processes: most + (driven === undefined ? BWRAP_PROCESSES : DRIVER_PROCESSES),
    },
    paths: [...read, ...write],
    spares,
    fetch,
    unavailable: () => unavailable(bwrap) ?? driver?.unavailable(),
    whyNotStarted,
    prepare: async (url) => driven?.prepare(url),
    launch: (url) =>
      driven?.launch(url, environmentOf(env)) ??
      osLaunch(commandFor(url), profileFor(url), resources, environmentOf(env), bwrap),
  });
}

/** Beside the tool's own there are bubblewrap outside and inside. */
const BWRAP_PROCESSES = 2;
/** And shells, and what passes on to a proxy. */
const DRIVER_PROCESSES = 16;
/** Node does not start with less, measured; and what it reserves without using it. */
const LEAST_DATA_MB = 768;
const NODE_DATA_MB = 512;
/** The kernel counts threads as processes. */
const NODE_THREADS = 64;
