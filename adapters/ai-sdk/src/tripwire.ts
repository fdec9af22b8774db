import { type Guard, GuardError, ownOptions } from '@guardstile/core';

import { isOutside } from './coverage.ts';
import { digestOf } from './digest-of.ts';
import { fieldOf, isObject } from './field-of.ts';
import { coverageOfTool } from './tool-coverage.ts';

/** A call whose body is about to start without a guard. */
export interface UnguardedCall {
  readonly tool: string;
  readonly toolCallId: string;
  /** `hidden`: the SDK did not say which tools there are (`telemetry: { recordInputs: false }`). */
  readonly why: 'unguarded' | 'hidden';
}

export interface TripwireOptions {
  /**
   * `report` writes an entry into the guard's log and lets the call run, `refuse` makes it fail, a
   * function does either (what it throws is the call's error).
   *
   * @default 'report'
   */
  readonly onUnguarded?: 'report' | 'refuse' | ((call: UnguardedCall) => void | PromiseLike<void>);
  /** Names of tools that may run without a guard. @default none */
  readonly accept?: readonly string[];
}

/** What `registerTelemetry()` of `ai` 7 takes, as far as it is used here. */
export interface Tripwire {
  onStart(event: object): void;
  onStepStart(event: object): void;
  onEnd(event: object): void;
  executeTool<T>(options: {
    readonly callId: string;
    readonly toolCallId: string;
    readonly toolCall?: unknown;
    readonly execute: () => PromiseLike<T>;
  }): Promise<T>;
}

/** Generations whose end was never told (they failed) are forgotten beyond this number. */
const MOST_GENERATIONS = 10_000;

/**
 * Notices tools that start without a guard anywhere in the process: of sub-agents, of `prepareCall`,
 * of sets that nobody wrapped. For `registerTelemetry()` of `ai` 7, beside {@link withGuard} and
 * never instead of it: telemetry can be switched off per call.
 *
 * A guarded tool is recognised by its `execute`, in the very set of tools that the SDK says it uses.
 *
 * @example
 * registerTelemetry(unguardedTripwire(guard, { onUnguarded: 'refuse' }));
 *
 * @throws {GuardError} `options_invalid`.
 */
export function unguardedTripwire(guard: Guard, options: TripwireOptions = {}): Tripwire {
  const { onUnguarded = 'report', accept = [] } = ownOptions(
    'unguardedTripwire',
    options,
    ['onUnguarded', 'accept'],
    'options_invalid',
  );
  if (typeof onUnguarded !== 'function' && !WORDS.includes(onUnguarded)) {
    throw new GuardError(
      'options_invalid',
      "unguardedTripwire: onUnguarded has to be 'report', 'refuse' or a function",
    );
  }
  const generations = new Map<unknown, object>();

  function remember(event: object): void {
    const callId = fieldOf(event, 'callId');
    const tools = fieldOf(event, 'tools');
    if (!isObject(tools)) return;
    generations.delete(callId);
    generations.set(callId, tools);
    if (generations.size <= MOST_GENERATIONS) return;
    for (const oldest of generations.keys()) {
      generations.delete(oldest);
      return;
    }
  }

  function find(callId: string, name: unknown): UnguardedCall['why'] | undefined {
    const tools = generations.get(callId);
    if (tools === undefined || typeof name !== 'string') return 'hidden';
    return isOutside(coverageOfTool(fieldOf(tools, name))) ? 'unguarded' : undefined;
  }

  async function trip(call: UnguardedCall, input: unknown): Promise<void> {
    await guard.report({
      action: 'tool.unguarded-call',
      actor: 'guard',
      tool: call.tool,
      call: call.toolCallId,
      reason: REASONS[call.why],
      ...digestOf('args', input),
      payload: { refused: onUnguarded === 'refuse' },
    });
    if (typeof onUnguarded === 'function') await onUnguarded(call);
    if (onUnguarded === 'refuse') {
      throw new GuardError('tool_invalid', REASONS[call.why], { tool: call.tool });
    }
  }

  return {
    onStart: remember,
    onStepStart: remember,
    onEnd: (event) => void generations.delete(fieldOf(event, 'callId')),
    async executeTool({ callId, toolCallId, toolCall, execute }) {
      const name = fieldOf(toolCall, 'toolName');
      const tool = typeof name === 'string' ? name : 'unknown';
      const why = accept.includes(tool) ? undefined : find(callId, name);
      if (why !== undefined) await trip({ tool, toolCallId, why }, fieldOf(toolCall, 'input'));
      return execute();
    },
  };
}

const WORDS: readonly unknown[] = ['report', 'refuse'];

const REASONS: Readonly<Record<UnguardedCall['why'], string>> = {
  unguarded: 'it would start without a guard; pass it through withGuard()',
  hidden:
    'nobody can tell whether it is guarded: the SDK hides its tools; drop telemetry.recordInputs: false, or accept the tool by name',
};
