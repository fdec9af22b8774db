import type { CallContext, ToolCall } from './call.ts';
import type { Decision } from './decision.ts';
import { deny } from './decision.ts';
import type { Digest } from './digest.ts';
import { GuardError } from './errors.ts';
import type { Events, GuardEvent } from './events.ts';
import type { OutcomeStatus } from './audit/entry.ts';
import { messageOf } from './message-of.ts';
import { readAnswer } from './policy/answer.ts';
import type { PolicyAnswer } from './policy/policy.ts';
import { isThenable, type MaybePromise, type MaybePromiseAnswer, type Steps } from './steps.ts';
import { isInterruption, type Waiting } from './waiting.ts';

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
  ) => MaybePromiseAnswer<PolicyAnswer | undefined | void>;
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

/** The call for one hook: a copy of its own where freezing does not protect what it holds. */
type View = () => ToolCall;

/** The hooks of a guard, in the order in which they were added. */
export interface HookList {
  /**
   * Adds hooks; returns its undo.
   *
   * @throws {GuardError} `options_invalid` for what could never be called.
   */
  add(hooks: Hooks): () => void;
  readonly rewriting: boolean;
  readonly checking: boolean;
  readonly concluding: boolean;
  /** Calls `replace` with the arguments that each hook wants instead. */
  rewrite(
    view: View,
    context: CallContext,
    waiting: Waiting,
    replace: (args: unknown) => void,
  ): Steps<void>;
  /** The first denial, else all other opinions. */
  check(
    view: View,
    context: CallContext,
    waiting: Waiting,
    policy: Digest,
  ): Steps<readonly Decision[]>;
  /** Runs post-tool hooks; failures go to `warn`. */
  post(
    view: View,
    outcome: ToolOutcome,
    context: CallContext,
    waiting: Waiting,
    warn: (message: string) => void,
  ): Steps<void>;
}

const NONE: readonly Decision[] = Object.freeze([]);

interface Added {
  readonly hooks: Hooks;
}

/** A step that no hook takes part in costs nothing. */
function kindsOf(all: readonly Added[]): Pick<HookList, 'rewriting' | 'checking' | 'concluding'> {
  return {
    rewriting: all.some(({ hooks }) => hooks.rewrite !== undefined),
    checking: all.some(({ hooks }) => hooks.preTool !== undefined),
    concluding: all.some(({ hooks }) => hooks.postTool !== undefined),
  };
}

export function createHooks(events: Events): HookList {
  let all: readonly Added[] = [];
  let kinds = kindsOf(all);

  function change(next: readonly Added[]): void {
    all = next;
    kinds = kindsOf(next);
  }

  return {
    add(hooks) {
      const added = checked(hooks);
      const { onEvent } = hooks;
      const silence =
        onEvent === undefined ? undefined : events.onAny((e) => onEvent.call(hooks, e));
      change([...all, added]);
      return () => {
        silence?.();
        change(all.filter((one) => one !== added));
      };
    },
    get rewriting() {
      return kinds.rewriting;
    },
    get checking() {
      return kinds.checking;
    },
    get concluding() {
      return kinds.concluding;
    },

    *rewrite(view, context, waiting, replace) {
      for (const { hooks } of all) {
        if (hooks.rewrite === undefined) continue;
        let answer: unknown;
        try {
          answer = yield* waiting.for<unknown>(
            hooks.rewrite(view(), context),
            limitOf(hooks),
            late(hooks),
          );
        } catch (error) {
          throw failure('rewriting', hooks, error);
        }
        if (answer === undefined) continue;
        if (typeof answer !== 'object' || answer === null || !Object.hasOwn(answer, 'args')) {
          throw failure('rewriting', hooks, new Error('it answered neither { args } nor nothing'));
        }
        replace((answer as { readonly args: unknown }).args);
      }
    },

    *check(view, context, waiting, policy) {
      let opinions = NONE;
      for (const { hooks } of all) {
        if (hooks.preTool === undefined) continue;
        let answer: unknown;
        try {
          answer = hooks.preTool(view(), context);
          if (isThenable(answer)) {
            answer = yield* waiting.for<unknown>(answer, limitOf(hooks), late(hooks));
          }
        } catch (error) {
          const failed = failure('checking', hooks, error);
          if (isInterruption(failed)) throw failed;
          return [deny(policy, messageOf(failed), 'hook_error')];
        }
        if (answer === undefined) continue;
        const source = { name: nameOf('checking', hooks), policy, optional: true };
        const opinion = readAnswer(answer, source);
        if (opinion?.effect === 'deny') {
          const nonsense = opinion.code === 'policy_error';
          return [nonsense ? Object.freeze({ ...opinion, code: 'hook_error' }) : opinion];
        }
        if (opinion !== undefined) opinions = [...opinions, opinion];
      }
      return opinions;
    },

    *post(view, outcome, context, waiting, warn) {
      for (const { hooks } of all) {
        if (hooks.postTool === undefined) continue;
        try {
          yield* waiting.for(hooks.postTool(view(), outcome, context), limitOf(hooks), late(hooks));
        } catch (error) {
          warn(messageOf(failure('post-tool', hooks, error)));
        }
      }
    },
  };
}

const FUNCTIONS = ['rewrite', 'preTool', 'postTool', 'onEvent'] as const;

/** A misspelt hook would be one that never denies. */
function checked(hooks: Hooks): Added {
  const functions = FUNCTIONS.filter((name) => hooks[name] !== undefined);
  const wrong = functions.find((name) => typeof hooks[name] !== 'function');
  if (wrong !== undefined) throw invalid(`${wrong} has to be a function`);
  if (functions.length === 0) throw invalid(`there is none among ${FUNCTIONS.join(', ')}`);
  const { timeoutMs } = hooks;
  if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0)) {
    throw invalid('timeoutMs has to be a time above 0 in milliseconds');
  }
  return { hooks };
}

function invalid(what: string): GuardError {
  return new GuardError('options_invalid', `hooks: ${what}`);
}

function limitOf(hooks: Hooks): number {
  return hooks.timeoutMs ?? DEFAULT_TIMEOUT_MS;
}

function late(hooks: Hooks): () => Error {
  return () => new Error(`it took longer than ${limitOf(hooks)} ms`);
}

function nameOf(kind: string, hooks: Hooks): string {
  return hooks.name === undefined ? `a ${kind} hook` : `the ${kind} hook "${hooks.name}"`;
}

function failure(kind: string, hooks: Hooks, cause: unknown): GuardError {
  if (isInterruption(cause)) return cause;
  return new GuardError('hook_error', `${nameOf(kind, hooks)} failed: ${messageOf(cause)}`, {
    cause,
  });
}
