import type { CallContext, ToolCall } from './call.ts';
import type { Decision } from './decision.ts';
import { deny } from './decision.ts';
import type { Digest } from './digest.ts';
import { GuardError } from './errors.ts';
import type { GuardEvent } from './events.ts';
import type { OutcomeStatus } from './audit/entry.ts';
import { readAnswer } from './policy/answer.ts';
import type { PolicyAnswer } from './policy/policy.ts';
import { isThenable, type MaybePromise, type Steps } from './steps.ts';
import type { Waiting } from './waiting.ts';

/** What post-tool hooks are told of a call. */
export interface ToolOutcome {
  readonly status: OutcomeStatus;
  readonly attempt: string;
  readonly ms: number;
  /** What the model sees, when the call ended well. */
  readonly result?: unknown;
  readonly error?: unknown;
}

/** How an application takes part in a call. Functions get frozen copies. */
export interface Hooks {
  /** For messages. */
  readonly name?: string;
  /** How long each function may take, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
  /**
   * May replace the arguments before they are parsed: answers `{ args }`, or nothing to leave them.
   * Not run again when an approved call resumes.
   */
  readonly rewrite?: (
    call: ToolCall,
    context: CallContext,
  ) => MaybePromise<{ readonly args: unknown } | undefined | void>;
  /** May deny or ask; answering nothing or `allow` leaves it to the policy. Failing denies. */
  readonly preTool?: (
    call: ToolCall,
    context: CallContext,
  ) => MaybePromise<PolicyAnswer | undefined | void>;
  /** Told of what came of a call. Failing changes nothing. */
  readonly postTool?: (
    call: ToolCall,
    outcome: ToolOutcome,
    context: CallContext,
  ) => MaybePromise<void>;
  /** Told of every event. Failing changes nothing. */
  readonly onEvent?: (event: GuardEvent) => unknown;
}

const DEFAULT_TIMEOUT_MS = 5000;

/** The hooks of a guard, in the order in which they were added. */
export interface HookList {
  /** Adds hooks; returns its undo. */
  add(hooks: Hooks): () => void;
  readonly rewriting: boolean;
  /** The rewritten arguments, or `undefined` when no hook wants another. */
  rewrite(
    call: ToolCall,
    context: CallContext,
    waiting: Waiting,
  ): Steps<{ readonly args: unknown } | undefined>;
  /** The first denial, else all asks. */
  check(
    call: ToolCall,
    context: CallContext,
    waiting: Waiting,
    policy: Digest,
  ): Steps<readonly Decision[]>;
  /** Runs post-tool hooks; failures go to `warn`. */
  post(
    call: ToolCall,
    outcome: ToolOutcome,
    context: CallContext,
    waiting: Waiting,
    warn: (message: string) => void,
  ): Steps<void>;
}

const NONE: readonly Decision[] = Object.freeze([]);

export function createHooks(initial: readonly Hooks[] = []): HookList {
  let all: readonly Hooks[] = initial;

  return {
    add(hooks) {
      all = [...all, hooks];
      return () => {
        const index = all.lastIndexOf(hooks);
        all = all.filter((_, i) => i !== index);
      };
    },
    get rewriting() {
      return all.some((hooks) => hooks.rewrite !== undefined);
    },

    *rewrite(call, context, waiting) {
      let current: { readonly args: unknown } | undefined;
      for (const hooks of all) {
        if (hooks.rewrite === undefined) continue;
        const view = current === undefined ? call : { ...call, args: current.args, confined: current.args };
        let answer: unknown;
        try {
          answer = yield* waiting.for<unknown>(
            hooks.rewrite(view, context),
            limitOf(hooks),
            () => new Error(`took longer than ${limitOf(hooks)} ms`),
          );
        } catch (error) {
          throw failure('rewriting', hooks, error);
        }
        if (answer === undefined) continue;
        if (typeof answer !== 'object' || answer === null || !Object.hasOwn(answer, 'args')) {
          throw failure('rewriting', hooks, new Error('answered neither { args } nor nothing'));
        }
        current = { args: (answer as { readonly args: unknown }).args };
      }
      return current;
    },

    *check(call, context, waiting, policy) {
      let asks = NONE;
      for (const hooks of all) {
        if (hooks.preTool === undefined) continue;
        let answer: unknown;
        try {
          answer = hooks.preTool(call, context);
          if (isThenable(answer)) {
            answer = yield* waiting.for<unknown>(
              answer,
              limitOf(hooks),
              () => new Error(`took longer than ${limitOf(hooks)} ms`),
            );
          }
        } catch (error) {
          if (error instanceof GuardError && error.code === 'aborted') throw error;
          return [deny(policy, failure('checking', hooks, error).message, 'hook_error')];
        }
        if (answer === undefined) continue;
        const opinion = readAnswer(answer, { name: nameOf('checking', hooks), policy, optional: true });
        if (opinion?.effect === 'deny') {
          return [opinion.code === 'policy_error' ? { ...opinion, code: 'hook_error' } : opinion];
        }
        if (opinion?.effect === 'ask') asks = [...asks, opinion];
      }
      return asks;
    },

    *post(call, outcome, context, waiting, warn) {
      for (const hooks of all) {
        if (hooks.postTool === undefined) continue;
        try {
          yield* waiting.for(
            hooks.postTool(call, outcome, context),
            limitOf(hooks),
            () => new Error(`took longer than ${limitOf(hooks)} ms`),
          );
        } catch (error) {
          warn(failure('post-tool', hooks, error).message);
        }
      }
    },
  };
}

function limitOf(hooks: Hooks): number {
  return hooks.timeoutMs ?? DEFAULT_TIMEOUT_MS;
}

function nameOf(kind: string, hooks: Hooks): string {
  return hooks.name === undefined ? `a ${kind} hook` : `the ${kind} hook "${hooks.name}"`;
}

function failure(kind: string, hooks: Hooks, cause: unknown): GuardError {
  if (cause instanceof GuardError && cause.code === 'aborted') return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new GuardError('hook_error', `${nameOf(kind, hooks)} failed: ${why}`, { cause });
}
