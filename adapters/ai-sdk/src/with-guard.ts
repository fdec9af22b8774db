import {
  createGuard,
  type Fact,
  type Guard,
  GuardError,
  type GuardOptions,
  isGuard,
  type PolicyInput,
} from '@guardstile/core';

import { guardTool } from './guard-tool.ts';
import type { ToolOptions } from './tool-spec.ts';

/** What can be said of the tools in one set. */
export interface ToolSetOptions {
  /** What the developer states of tools, by name. */
  readonly facts?: Readonly<Record<string, Fact | readonly Fact[]>>;
  /** Where the tools come from, such as the name of an MCP server. @default 'app' */
  readonly source?: string;
  /** Whether annotations (hints) of this source are believed. @default false */
  readonly trusted?: boolean;
  /** Names of the secrets that a tool's `execute` receives as `options.secrets`, by tool. */
  readonly toolSecrets?: Readonly<Record<string, readonly string[]>>;
}

export type WithGuardOptions = ToolSetOptions & Omit<GuardOptions, 'policy'>;

const OF_THE_SET: readonly string[] = ['facts', 'source', 'trusted', 'toolSecrets'];

const guards = new WeakMap<object, Guard>();

const PLAIN = { writable: true, enumerable: true, configurable: true };

/**
 * The same tools behind a guard: same names, same types, same behaviour for what is allowed.
 * Enforced inside each tool's `execute`, whatever the caller passes to the SDK.
 *
 * @example
 * const tools = withGuard({ readFile, refund }, standardPolicy(), { facts: { readFile: 'readOnly' } });
 * await generateText({ model, tools, prompt });
 *
 * @throws {GuardError} `policy_missing`, `policy_invalid`, `options_invalid`, `facts_invalid` or
 * `tool_invalid`.
 */
export function withGuard<const T extends Record<string, object>>(
  tools: T,
  policy: PolicyInput,
  options?: WithGuardOptions,
): T;
export function withGuard<const T extends Record<string, object>>(
  tools: T,
  guard: Guard,
  options?: ToolSetOptions,
): T;
export function withGuard<T extends Record<string, object>>(
  tools: T,
  policyOrGuard: PolicyInput | Guard,
  options: WithGuardOptions = {},
): T {
  const own = ownOptions(options);
  const guard = isGuard(policyOrGuard)
    ? guardWithout(policyOrGuard, own)
    : createGuard({ ...guardOptions(own), policy: policyOrGuard });
  const source = toolSet(tools);
  // Sets of MCP clients have no prototype, so that no inherited name can be called.
  const guarded = (Object.getPrototypeOf(tools) === null ? Object.create(null) : {}) as Record<
    string,
    object
  >;
  for (const name of Object.keys(source)) {
    const tool = guardTool(name, source[name], guard, toolOptions(name, own));
    if (name === '__proto__') Object.defineProperty(guarded, name, { ...PLAIN, value: tool });
    else guarded[name] = tool;
  }
  guards.set(guarded, guard);
  return guarded as T; // the same keys with tools of the same types
}

/**
 * The guard of tools that {@link withGuard} returned: for its log, its events, or to close it.
 *
 * @throws {GuardError} `options_invalid` for other tools, a spread copy among them.
 */
export function guardOf(tools: object): Guard {
  const guard = guards.get(tools);
  if (guard !== undefined) return guard;
  throw new GuardError(
    'options_invalid',
    'guardOf: these tools did not come out of withGuard(); pass the very object that it returned, or keep the guard from createGuard()',
  );
}

function toolSet(tools: unknown): Readonly<Record<string, unknown>> {
  if (typeof tools === 'object' && tools !== null && !Array.isArray(tools)) {
    return tools as Readonly<Record<string, unknown>>; // read by its own keys only
  }
  throw new GuardError(
    'tool_invalid',
    'withGuard: tools are passed as an object, as the SDK takes them: withGuard({ name: tool }, policy)',
  );
}

/** Own properties only: a polluted prototype must not be able to state facts or trust a source. */
function ownOptions(options: WithGuardOptions): WithGuardOptions {
  return Object.assign(Object.create(null) as WithGuardOptions, options);
}

function guardOptions(options: WithGuardOptions): Omit<GuardOptions, 'policy'> {
  const { source: _source, trusted: _trusted, toolSecrets: _secrets, ...rest } = options;
  return rest;
}

/** A guard has its parts already; giving it others here would silently do nothing. */
function guardWithout(guard: Guard, options: WithGuardOptions): Guard {
  for (const key of Object.keys(options)) {
    if (OF_THE_SET.includes(key)) continue;
    throw new GuardError(
      'options_invalid',
      `withGuard: "${key}" belongs to the guard; pass it to createGuard() instead`,
    );
  }
  return guard;
}

function toolOptions(name: string, options: ToolSetOptions): ToolOptions {
  const { facts, source, trusted, toolSecrets } = options;
  return {
    facts: facts !== undefined && Object.hasOwn(facts, name) ? facts[name] : undefined,
    source,
    trusted,
    secrets:
      toolSecrets !== undefined && Object.hasOwn(toolSecrets, name) ? toolSecrets[name] : undefined,
  };
}
