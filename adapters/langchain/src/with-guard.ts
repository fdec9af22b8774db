import {
  type CallContext,
  createGuard,
  type Guard,
  GuardError,
  type GuardOptions,
  isGuard,
  type PolicyInput,
} from '@guardstile/core';

import type { ContextOf } from './call-context.ts';
import { rememberGuard } from './guard-of.ts';
import { guardTool, type ToolLike } from './guard-tool.ts';
import { ownFields } from './own-fields.ts';
import { refuseNamesakes } from './refuse-namesakes.ts';
import { toolOptions, type ToolSetOptions } from './tool-set-options.ts';
import { toolShape } from './tool-shape.ts';

/** What can be said of the tools, and the parts of the guard that is made for them. */
export type WithGuardOptions = Omit<ToolSetOptions, 'context'> &
  Omit<GuardOptions, 'policy' | 'context'> & {
    /** The guard's own context, or how to find each call's. */
    readonly context?: CallContext | ContextOf;
  };

const OF_THE_SET: readonly string[] = ['facts', 'source', 'trusted', 'toolSecrets', 'context'];

/**
 * The same tools behind a guard, as a list or a record of them: same classes, same types, same
 * behaviour for what is allowed.
 *
 * @example
 * const tools = withGuard([readFile, refund], standardPolicy(), { facts: { readFile: 'readOnly' } });
 * const agent = createAgent({ model, tools });
 *
 * @throws {GuardError} `policy_missing`, `policy_invalid`, `options_invalid`, `facts_invalid` or
 * `tool_invalid`.
 */
export function withGuard<T extends ToolLike[]>(
  tools: readonly [...T],
  policy: PolicyInput,
  options?: WithGuardOptions,
): [...T];
export function withGuard<T extends ToolLike[]>(
  tools: readonly [...T],
  guard: Guard,
  options?: ToolSetOptions,
): [...T];
export function withGuard<T extends Readonly<Record<string, ToolLike>>>(
  tools: T,
  policy: PolicyInput,
  options?: WithGuardOptions,
): T;
export function withGuard<T extends Readonly<Record<string, ToolLike>>>(
  tools: T,
  guard: Guard,
  options?: ToolSetOptions,
): T;
export function withGuard(
  tools: readonly ToolLike[] | Readonly<Record<string, ToolLike>>,
  policyOrGuard: PolicyInput | Guard,
  options: WithGuardOptions = {},
): object {
  const own = ownFields(options) as WithGuardOptions; // the same fields
  const guard = isGuard(policyOrGuard)
    ? guardWithout(policyOrGuard, own)
    : createGuard({ ...guardOptions(own), policy: policyOrGuard });
  const source = toolSet(tools);
  refuseNamesakes(Object.values(source).map(toolShape));
  const { context, ...said } = own;
  const ofSet = typeof context === 'function' ? { ...said, context } : said;
  const guarded = (tool: ToolLike): ToolLike =>
    guardTool(tool, guard, toolOptions(tool.name, ofSet));
  if (Array.isArray(source)) return rememberGuard(source.map(guarded), guard);
  const entries = Object.entries(source).map(([key, tool]) => [key, guarded(tool)] as const);
  return rememberGuard(Object.fromEntries(entries), guard);
}

type ToolSet = readonly ToolLike[] | Readonly<Record<string, ToolLike>>;

function toolSet(tools: unknown): ToolSet {
  // Read by its own keys only; each tool is looked at.
  if (Array.isArray(tools)) return Array.from(tools as readonly ToolLike[]); // holes become undefined
  if (typeof tools === 'object' && tools !== null) return tools as ToolSet;
  throw new GuardError(
    'tool_invalid',
    'withGuard: tools are passed as a list or a record of them: withGuard([tool], policy)',
  );
}

function guardOptions(options: WithGuardOptions): Omit<GuardOptions, 'policy'> {
  const { source: _source, trusted: _trusted, toolSecrets: _secrets, context, ...rest } = options;
  return context === undefined || typeof context === 'function' ? rest : { ...rest, context };
}

/** A guard has its parts already; giving it others here would silently do nothing. */
function guardWithout(guard: Guard, options: WithGuardOptions): Guard {
  for (const [key, value] of Object.entries(options)) {
    if (OF_THE_SET.includes(key) && !(key === 'context' && typeof value === 'object')) continue;
    throw new GuardError(
      'options_invalid',
      `withGuard: "${key}" belongs to the guard; pass it to createGuard(), or a context to guard.with()`,
    );
  }
  return guard;
}
