import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { GuardError, ownOptions } from '@guardstile/core';
import type { CallLimits } from './limits.ts';
import { type ModuleTool, moduleTools, type ToolModule } from './module-ref.ts';

/** What a sandbox that runs tools from modules is told. */
export interface ModuleSandboxOptions extends CallLimits {
  /** The tools that it runs, by name. */
  readonly tools: Readonly<Record<string, ToolModule>>;
  /** Tools that it leaves to the next sandbox, or to this process; every other one is refused. @default none */
  readonly passOn?: readonly string[];
  /** Files and directories that tools may read, besides their modules and what those import. */
  readonly read?: readonly string[];
  /** Files and directories that tools may read and write. */
  readonly write?: readonly string[];
  /** Environment variables of this process that tools see. @default none */
  readonly env?: readonly string[];
  /**
   * What fetches in this process for tools that call the `fetch` they are given, such as that of a
   * `networkSandbox`: under OS isolation there is no other way out. @default none
   */
  readonly fetch?: typeof globalThis.fetch;
  /** How many processes wait per module for the next call, about 10 MB each. @default 1 */
  readonly spares?: number;
}

const KNOWN = [
  'tools',
  'passOn',
  'read',
  'write',
  'env',
  'spares',
  'fetch',
  'timeoutMs',
  'memoryMb',
  'maxOutputBytes',
] as const satisfies ReadonlyArray<keyof ModuleSandboxOptions>;

/** The same, with everything in its place. */
export interface ReadModuleOptions extends CallLimits {
  readonly tools: readonly ModuleTool[];
  readonly passOn: readonly string[];
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly env: readonly string[];
  readonly spares: number;
}

/**
 * @throws {GuardError} `options_invalid`
 */
export function readModuleOptions<T extends ModuleSandboxOptions>(
  what: string,
  given: T,
  more: ReadonlyArray<keyof T & string> = [],
): Omit<T, keyof ReadModuleOptions> & ReadModuleOptions {
  const options = ownOptions(what, given, [...KNOWN, ...more], 'options_invalid');
  const { spares = 1 } = options;
  if (!Number.isInteger(spares) || spares < 0 || spares > 64) {
    throw invalid(what, 'spares has to be a whole number from 0 to 64');
  }
  return {
    ...options,
    tools: moduleTools(what, options.tools),
    passOn: texts(what, 'passOn', options.passOn),
    read: paths(what, 'read', options.read),
    write: paths(what, 'write', options.write),
    env: texts(what, 'env', options.env),
    spares,
  };
}

/** Absolute paths that exist. */
function paths(
  what: string,
  name: string,
  given: readonly string[] | undefined,
): readonly string[] {
  return texts(what, name, given).map((path) => {
    const absolute = resolve(path);
    if (existsSync(absolute)) return absolute;
    throw invalid(what, `${name}: there is no ${absolute}; create it first or leave it out`);
  });
}

function texts(
  what: string,
  name: string,
  given: readonly string[] | undefined = [],
): readonly string[] {
  const all: unknown = given;
  if (!Array.isArray(all) || !all.every((item) => typeof item === 'string' && item !== '')) {
    throw invalid(what, `${name} has to be a list of texts`);
  }
  return Object.freeze([...given]);
}

function invalid(what: string, message: string): GuardError {
  return new GuardError('options_invalid', `${what}: ${message}`);
}
