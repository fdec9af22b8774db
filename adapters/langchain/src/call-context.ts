import type { CallContext, Guard } from '@guardstile/core';

import type { ToolConfig } from './tool-shape.ts';

/** Finds the context of a call in what the application put into the config of the run. */
export type ContextOf = (config: ToolConfig) => CallContext | undefined;

/**
 * The circumstances of a call as LangChain has them: the thread as session, the agent's name, the
 * abort. Who the principal is can only be `found` by the application: callers write the config.
 * What the guard was bound to goes before all of it.
 */
export function contextOf(
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
export function contradicts(bound: CallContext, found: CallContext | undefined): boolean {
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
  const given = new Set(signals.filter((signal) => signal !== undefined));
  const [first] = given;
  return given.size < 2 ? first : AbortSignal.any([...given]);
}
