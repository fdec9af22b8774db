import {
  bindAgain,
  createGuard,
  type Fact,
  type Guard,
  GuardError,
  type GuardOptions,
  isGuard,
  type PolicyInput,
} from '@guardstile/core';

import { ownOf } from './field-of.ts';
import { guardTool } from './guard-tool.ts';
import { messageOf } from './message-of.ts';
import { type OnUnguarded, reportUnguarded } from './report-unguarded.ts';
import type { ToolOptions, UnknownApprovals } from './tool-spec.ts';

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
  /**
   * What becomes of a call that the policy allows, and for which the conversation claims an approval
   * that this guard never opened. `'ignore'` runs it like any other allowed call: for applications
   * that have the SDK ask for reasons of their own, without telling the guard.
   *
   * @default 'refuse'
   */
  readonly unknownApprovals?: UnknownApprovals;
  /** What happens with tools that a guard cannot stand before. @default 'report' */
  readonly onUnguarded?: OnUnguarded;
  /** Names of tools that may stay outside, and are not told of. @default none */
  readonly acceptUnguarded?: readonly string[];
}

export type WithGuardOptions = ToolSetOptions & Omit<GuardOptions, 'policy'>;

const OF_THE_SET: readonly string[] = [
  'facts',
  'source',
  'trusted',
  'toolSecrets',
  'unknownApprovals',
  'onUnguarded',
  'acceptUnguarded',
];

/** What came out of {@link withGuard}, and what was said of it. */
export interface GuardedSet {
  readonly guard: Guard;
  readonly options: ToolSetOptions;
}

const sets = new WeakMap<object, GuardedSet>();

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
  const source = toolSet(tools);
  const guard = isGuard(policyOrGuard)
    ? bindAgain(guardedSet(tools)?.guard, guardWithout(policyOrGuard, own))
    : createGuard({ ...optionsOfGuard(own), policy: policyOrGuard });
  // Sets of MCP clients have no prototype, so that no inherited name can be called.
  const guarded = (Object.getPrototypeOf(tools) === null ? Object.create(null) : {}) as Record<
    string,
    object
  >;
  for (const name of Object.keys(source)) {
    const tool = guardMember(name, source, guard, toolOptions(name, own));
    if (name === '__proto__') Object.defineProperty(guarded, name, { ...PLAIN, value: tool });
    else guarded[name] = tool;
  }
  reportUnguarded(guard, guarded, own.onUnguarded, own.acceptUnguarded);
  sets.set(guarded, { guard, options: own });
  return guarded as T; // the same keys with tools of the same types
}

/**
 * The guard of tools that {@link withGuard} returned: for its log, its events, or to close it.
 *
 * @throws {GuardError} `options_invalid` for other tools, a spread copy among them.
 */
export function guardOf(tools: object): Guard {
  return setOf(tools).guard;
}

/** What {@link withGuard} knows of the very object that it returned. */
export function setOf(tools: object): GuardedSet {
  const set = guardedSet(tools);
  if (set !== undefined) return set;
  throw new GuardError(
    'options_invalid',
    'guardOf: these tools did not come out of withGuard(); pass the very object that it returned, or keep the guard from createGuard()',
  );
}

/** The same, if it is one. */
export function guardedSet(tools: object): GuardedSet | undefined {
  return sets.get(tools);
}

/** What cannot be read cannot be guarded, and would be a tool all the same. */
function guardMember(
  name: string,
  source: Readonly<Record<string, unknown>>,
  guard: Guard,
  options: ToolOptions,
): object {
  try {
    return guardTool(name, source[name], guard, options);
  } catch (cause) {
    if (cause instanceof GuardError) throw cause;
    throw new GuardError('tool_invalid', `it cannot be read: ${messageOf(cause)}`, {
      tool: name,
      cause,
    });
  }
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

/** What is not about the tools is the guard's; facts are about both. */
function optionsOfGuard(options: WithGuardOptions): Omit<GuardOptions, 'policy'> {
  const all = Object.entries(options);
  return Object.fromEntries(all.filter(([key]) => key === 'facts' || !OF_THE_SET.includes(key)));
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

/** What was said of one tool of the set. */
export function toolOptions(name: string, options: ToolSetOptions): ToolOptions {
  const { facts, source, trusted, toolSecrets, unknownApprovals } = options;
  return {
    facts: ownOf(facts, name),
    source,
    trusted,
    unknownApprovals,
    secrets: ownOf(toolSecrets, name),
  };
}
