import type { CallInput, ToolRun } from '@guardstile/core';

import { endless, isAbandoned } from './abandoned.ts';
import { askInGraph } from './ask-in-graph.ts';
import { callInput, type ParsedCall } from './call-input.ts';
import { disowned } from './disowned.ts';
import { type Known, knownTool } from './known-tool.ts';
import { markRefusal } from './refusal-message.ts';
import { oncePerStep } from './step-results.ts';
import type { ToolConfig } from './tool-shape.ts';

/** Starts the body with the arguments that were decided on. */
export type Start = (args: unknown, config: ToolConfig | undefined) => unknown;

/** Passes a call through the guard: the one place where bodies of tools are started. */
export function guardedCall(known: Known, call: ParsedCall, start: Start): Promise<unknown> {
  const input = callInput(known.guard, call, known.options.context);
  return oncePerStep(known, input, call.config, (keep) =>
    decidedCall(known, call, input, start, keep),
  );
}

async function decidedCall(
  known: Known,
  call: ParsedCall,
  input: CallInput,
  start: Start,
  keepResult: () => void,
): Promise<unknown> {
  const { tool } = known;
  const { config } = call;
  const asked = needsAsking(known, input) ? await asksOf(known, call, input) : input;
  // Its approval starts no second body, though the step may well start again.
  if (asked.answer === 'voted') keepResult();
  let failed = false;
  const own = (result: unknown): unknown => disowned(result, config);

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
          ? result.then(own, (error: unknown) => fail(error, signal))
          : own(result);
      } catch (error) {
        return fail(error, signal);
      }
    });
  } catch (error) {
    throw failed ? error : markRefusal(error);
  }
}

/** Whether a person may have to be asked whom nobody in this process can ask. */
function needsAsking({ guard, tool }: Known, { demands }: CallInput): boolean {
  return !guard.canAsk && (demands !== undefined || tool.fixed()?.effect !== 'allow');
}

/**
 * Asks for this guard and for those behind it, before any of them uses up its approval: that starts
 * one body, and a body that is suspended for a guard behind has started.
 */
async function asksOf(known: Known, call: ParsedCall, input: CallInput): Promise<CallInput> {
  const asked = await askInGraph(known.tool, input, call.config);
  let behind = asked.approved ? knownTool(known.original) : undefined;
  while (behind !== undefined) {
    const own = callInput(behind.guard, call, behind.options.context);
    if (needsAsking(behind, own)) await askInGraph(behind.tool, own, call.config);
    behind = knownTool(behind.original);
  }
  return asked.input;
}

/** Secrets that a body received, which may pass its config on to another tool. */
const handedOut = new WeakSet<object>();

/** The very same config, unless the guard limits the time of the body or hands it secrets. */
function bodyConfig(
  { options }: Known,
  config: ToolConfig | undefined,
  { signal, secrets: named }: ToolRun,
): ToolConfig | undefined {
  const given = config?.secrets;
  const own = options.secrets === undefined ? given : named;
  const secrets = own !== named && isHandedOut(own) ? undefined : own;
  const sameSignal = signal === undefined || signal === config?.signal;
  if (sameSignal && secrets === given) return config;
  if (secrets === named) handedOut.add(named);
  return {
    ...config,
    ...(sameSignal ? {} : { signal }),
    ...(secrets === given ? {} : { secrets }),
  };
}

function isHandedOut(secrets: unknown): boolean {
  return typeof secrets === 'object' && secrets !== null && handedOut.has(secrets);
}
