import type { CallContext, Guard } from '@guardstile/core';

import type { ToolConfig } from './tool-shape.ts';

/** Finds the context of a call in what the application put into the config of the run. */
export type ContextOf = (config: ToolConfig) => CallContext | undefined;

/** The circumstances of a call, or why the call may not be made under any. */
export interface FoundContext {
  readonly context: CallContext | undefined;
  readonly problem?: string;
}

/**
 * The circumstances of a call as LangChain has them: the thread as session, the agent's name, the
 * abort. Who the principal is can only be found by the application: callers write the config. What
 * the guard was bound to goes before all of it.
 */
export function contextOf(
  guard: Guard,
  config: ToolConfig | undefined,
  resolve: ContextOf | undefined,
): FoundContext {
  if (resolve === undefined) return { context: merged(guard, config, undefined) };
  const problem = (text: string): FoundContext => ({
    context: merged(guard, config, undefined),
    problem: text,
  });
  try {
    const found: unknown = resolve(config ?? {});
    if (!isContext(found)) {
      return problem(
        'the context option of the guarded tools has to return an object or undefined, at once; a promise would leave the call without a principal',
      );
    }
    if (contradicts(guard.context, found)) {
      return problem(
        'the config of the run names another principal than the guard is bound to; let one of them say who it is',
      );
    }
    return { context: merged(guard, config, found) };
  } catch {
    return problem('the context option of the guarded tools failed; mend it');
  }
}

/** Whether it has fields of a context, as far as that can be told: a promise has none either. */
function isContext(found: unknown): found is CallContext | undefined {
  if (found === undefined) return true;
  return Object.prototype.toString.call(found) === '[object Object]';
}

function merged(
  { context: bound }: Guard,
  config: ToolConfig | undefined,
  found: CallContext | undefined,
): CallContext | undefined {
  const signal = either(config?.signal, found?.signal, bound.signal);
  const session =
    bound.session === undefined ? textOf(config?.configurable, 'thread_id') : undefined;
  const agent = bound.agent === undefined ? textOf(config?.metadata, 'lc_agent_name') : undefined;
  if (session === undefined && agent === undefined && found === undefined) {
    return signal === undefined || signal === bound.signal ? undefined : { signal };
  }
  return {
    ...(session === undefined ? {} : { session }),
    ...(agent === undefined ? {} : { agent }),
    ...found,
    ...bound,
    ...(signal === undefined ? {} : { signal }),
  };
}

/** Whether a call is said to be made for somebody else than the guard is bound to. */
function contradicts(bound: CallContext, found: CallContext | undefined): boolean {
  if (bound.principal === undefined || found?.principal === undefined) return false;
  const { id, tenant } = bound.principal;
  return id !== found.principal.id || tenant !== found.principal.tenant;
}

function textOf(
  record: Readonly<Record<string, unknown>> | undefined,
  field: string,
): string | undefined {
  if (record === undefined || !Object.hasOwn(record, field)) return undefined;
  const value = record[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** One context replaces another, and no abort may be lost. */
function either(...signals: ReadonlyArray<AbortSignal | undefined>): AbortSignal | undefined {
  let first: AbortSignal | undefined;
  for (const signal of signals) {
    if (signal === undefined || signal === first) continue;
    if (first !== undefined) return AbortSignal.any(signals.filter((one) => one !== undefined));
    first = signal;
  }
  return first;
}
