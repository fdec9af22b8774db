import type { CallInput, ToolRun } from '@guardstile/core';

import { endless, isAbandoned } from './abandoned.ts';
import { callInput, type ParsedCall } from './call-input.ts';
import type { Known } from './known-tool.ts';
import { markRefusal } from './refusal-message.ts';
import { oncePerStep } from './step-results.ts';
import type { ToolConfig } from './tool-shape.ts';

/** Starts the body with the arguments that were decided on. */
export type Start = (args: unknown, config: ToolConfig | undefined) => unknown;

/** Passes a call through the guard: the one place where bodies of tools are started. */
export function guardedCall(known: Known, call: ParsedCall, start: Start): Promise<unknown> {
  const { config } = call;
  const input = callInput(known.guard, call, known.options.context);
  return oncePerStep(known, input, config, () => decidedCall(known, input, config, start));
}

async function decidedCall(
  known: Known,
  input: CallInput,
  config: ToolConfig | undefined,
  start: Start,
): Promise<unknown> {
  const { guard, tool, ask } = known;
  const asked =
    guard.canAsk || isSettled(known, input) ? input : await ask({ guard, tool, input, config });
  let failed = false;

  // Written without async: LangChain's own calls are short, and each promise costs as much as a step.
  function fail(error: unknown, signal: AbortSignal | undefined): Promise<never> {
    if (isAbandoned(error, signal)) return endless();
    failed = true;
    throw error;
  }

  try {
    return await tool.run(asked, (args: unknown, body) => {
      const { signal } = body;
      try {
        const result = start(args, bodyConfig(known, config, body));
        return result instanceof Promise
          ? result.then(undefined, (error: unknown) => fail(error, signal))
          : result;
      } catch (error) {
        return fail(error, signal);
      }
    });
  } catch (error) {
    throw failed ? error : markRefusal(error);
  }
}

/** Whether nobody has to be asked, whatever the arguments. */
function isSettled({ tool }: Known, { demands }: CallInput): boolean {
  return demands === undefined && tool.fixed()?.effect === 'allow';
}

/** The very same config, unless the guard limits the time of the body or hands it secrets. */
function bodyConfig(
  { options }: Known,
  config: ToolConfig | undefined,
  { signal, secrets }: ToolRun,
): ToolConfig | undefined {
  const same = signal === config?.signal;
  const withSecrets = options.secrets !== undefined;
  if (same && !withSecrets) return config;
  return {
    ...config,
    ...(same || signal === undefined ? {} : { signal }),
    ...(withSecrets ? { secrets } : {}),
  };
}
