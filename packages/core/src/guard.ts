import { type Ambient, ambientContext } from './ambient.ts';
import type { AuditLog, AuditReceipt } from './audit/log.ts';
import type { CallContext } from './call.ts';
import { mergeContext } from './context.ts';
import type { Turn } from './data-flow.ts';
import type { Decision } from './decision.ts';
import { GuardError } from './errors.ts';
import type { GuardEventName, Listener } from './events.ts';
import { type GuardOptions, type Parts, partsOf } from './guard-options.ts';
import type { Hooks } from './hooks.ts';
import { type CallState, callState } from './pipeline/call-state.ts';
import { hear } from './pipeline/follow-flow.ts';
import {
  checkCall,
  enforceCall,
  openCall,
  type Opened,
  runCall,
  voteOnCall,
} from './pipeline/pipeline.ts';
import { type ReportDraft, writeReport } from './pipeline/report.ts';
import type { Execute, ToolRun } from './pipeline/attempt.ts';
import { watchPolicy } from './policy-changes.ts';
import { checkNeeds } from './policy/check-needs.ts';
import type { Policy } from './policy/policy.ts';
import type { ToolSchema } from './schema.ts';
import { resumedCall, type ResumeRequest } from './resume.ts';
import { drive, type MaybePromise } from './steps.ts';
import type { Approval } from './approvals/approval.ts';
import {
  type CallInput,
  refusedTool,
  type RegisteredTool,
  type RequesterAnswer,
  type ToolSpec,
} from './tool.ts';
import { type CallRequest, type ToolRegistry, toolRegistry } from './tool-registry.ts';
import { wrapFunction, type WrapOptions } from './wrap.ts';

export type { CallRequest } from './tool-registry.ts';

/** One tool behind a guard, its rules resolved: what adapters call. */
export interface GuardedTool {
  readonly name: string;
  /** The verdict that holds for every call of it by now, where there is one. */
  fixed(): Decision | undefined;
  /** The verdict without running. */
  decide(input: CallInput): MaybePromise<Decision>;
  /**
   * The verdict; where a person has to be asked, the approval is opened and not waited for. `final`
   * says that a denied call is not made any more, so that its denial is logged here.
   */
  open(input: CallInput, options?: { readonly final?: boolean }): MaybePromise<Opened>;
  /**
   * Counts the requester's answer to an approval that was opened for this call. To run it then,
   * pass the answer `'voted'`.
   *
   * @throws {GuardError} `approval_unknown`, `approval_denied`, `approval_expired` or `approval_consumed`.
   */
  vote(input: CallInput & { readonly answer: RequesterAnswer }): MaybePromise<Approval>;
  /**
   * Runs the call. Keeps the shape of what `execute` returns as long as every step before it is
   * synchronous; otherwise answers a promise of it.
   */
  run<T>(input: CallInput, execute: (args: never, run: ToolRun) => T): T | Promise<Awaited<T>>;
}

/** Stands between an agent and its tools. */
export interface Guard {
  readonly context: CallContext;
  readonly policy: Policy;
  /** The log, unless it was switched off. */
  readonly audit: AuditLog | undefined;
  /** Whether the guard sees to its asks itself; otherwise the framework has to. */
  readonly canAsk: boolean;
  /**
   * Decides, asks where it has to, runs `execute` with the parsed arguments, and returns its result.
   *
   * @throws {GuardError} whenever it did not run, or its result is withheld.
   */
  call<T, Output>(
    request: CallRequest & { readonly schema: ToolSchema<Output> },
    execute: (args: Output, run: ToolRun) => T,
  ): Promise<Awaited<T>>;
  call<T, Args>(
    request: CallRequest & { readonly args: Args },
    execute: (args: Args, run: ToolRun) => T,
  ): Promise<Awaited<T>>;
  /** The verdict without running; listeners are told of it like of any check. */
  decide(request: CallRequest): Promise<Decision>;
  /**
   * The same for code that runs the tool itself.
   *
   * @throws {GuardError} unless the call is allowed.
   */
  enforce(request: CallRequest): Promise<void>;
  /**
   * Runs a call that was left open, once its approval has the votes it needs: with the arguments that
   * were approved, decided on anew, for the same person and session. The tool is the one that was
   * registered or wrapped under its name, or what `request` says of it; arguments are only needed
   * where the store keeps none.
   *
   * @throws {GuardError} `approval_unknown`, `approval_required` while votes are missing, and whatever
   * a call throws.
   */
  resume<T>(
    aid: string,
    execute: (args: never, run: ToolRun) => T,
    request?: ResumeRequest,
  ): Promise<Awaited<T>>;
  /** A function of the same type that passes through the guard. */
  wrap<F extends (...args: never[]) => unknown>(
    name: string,
    fn: F,
    options: WrapOptions & { readonly onDeny: 'return' },
  ): (...args: Parameters<F>) => OrDenial<ReturnType<F>>;
  wrap<F extends (...args: never[]) => unknown>(name: string, fn: F, options?: WrapOptions): F;
  /** A tool with its rules resolved, for adapters and for calling it often. */
  tool(spec: ToolSpec): GuardedTool;
  /** The same guard for one request: its context goes before this one's, field by field. */
  with(context: CallContext): Guard;
  /**
   * Writes an entry of the application's own into the log, in this guard's context, redacted like
   * everything else, and tells listeners. Answers nothing where there is no log.
   *
   * @throws {GuardError} `audit_error` or `closed`.
   */
  report(entry: ReportDraft): Promise<AuditReceipt | undefined>;
  /**
   * Takes note of what was said in this guard's context, for a host whose framework does not hand it
   * on with every call. Changes nothing without a data flow.
   *
   * @throws {GuardError} `flow_error` or `closed`.
   */
  heard(turns: readonly Turn[]): Promise<void>;
  /** Adds hooks. Returns the undo. */
  hook(hooks: Hooks): () => void;
  /** Listens to an event. Returns the undo. */
  on<Name extends GuardEventName>(name: Name, listener: Listener<Name>): () => void;
  /** Refuses every further call, waits for what is still being written, and closes log and sandbox. */
  close(): Promise<void>;
}

/** What a wrapped function returns instead of a refusal, with `onDeny: 'return'`. */
export interface Denial {
  readonly error: string;
  readonly allowed: false;
  readonly code: string;
}

/** The type of a function's result when a refusal is returned in the same shape. */
type OrDenial<R> =
  R extends AsyncGenerator<infer Chunk, infer Result, infer Sent>
    ? AsyncGenerator<Chunk, Result | Denial, Sent>
    : R extends PromiseLike<infer Result>
      ? Promise<Result | Denial>
      : R | Denial;

/** What the guards of one `createGuard()` share. */
interface Shared {
  readonly parts: Parts;
  readonly tools: ToolRegistry;
  /** Functions that were wrapped: recognised by themselves, which nobody can copy. */
  readonly wrapped: WeakMap<object, Wrapped>;
  readonly close: () => Promise<void>;
}

interface Wrapped {
  readonly name: string;
  readonly fn: (...args: never[]) => unknown;
  readonly options: WrapOptions;
  readonly guard: Guard;
}

const sharedOf = new WeakMap<Guard, Shared>();

/**
 * A guard. Only the policy has no default.
 *
 * @example
 * const guard = createGuard({ policy: standardPolicy({ deny: ['rm'] }) });
 * const text = await guard.call({ tool: 'readFile', args: { path }, facts: 'readOnly' }, ({ path }) => read(path));
 *
 * @throws {GuardError} `policy_missing`, `policy_invalid` or `options_invalid`.
 */
export function createGuard(options: GuardOptions): Guard {
  if (typeof options !== 'object' || options === null) {
    throw new GuardError('policy_missing', 'a guard needs a policy; pass createGuard({ policy })');
  }
  const parts = partsOf(options);
  checkNeeds(parts.policy, parts);
  const unwatch = watchPolicy(parts);
  let closing: Promise<void> | undefined;
  const shared: Shared = {
    parts,
    tools: toolRegistry(parts),
    wrapped: new WeakMap(),
    close: () => {
      parts.closed = true;
      closing ??= closeParts(parts).finally(unwatch);
      return closing;
    },
  };
  return bind(shared, parts.context);
}

/** Sandbox and log close whatever becomes of each other, and after everything has been written. */
async function closeParts({ trailing, sandbox, audit }: Parts): Promise<void> {
  do {
    // A call that was aborted a moment ago gives up its body in a turn of its own, and writes it down.
    await turn();
    await Promise.allSettled(trailing);
  } while (trailing.size > 0);
  try {
    await sandbox.close?.();
  } finally {
    await audit?.close?.();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}

/** Whether this is a guard made by this copy of the package. */
export function isGuard(value: unknown): value is Guard {
  return typeof value === 'object' && value !== null && sharedOf.has(value as Guard);
}

/** Whether two guards are the same one, perhaps bound to different contexts. */
export function sameGuard(a: Guard, b: Guard): boolean {
  const shared = sharedOf.get(a);
  return shared !== undefined && shared === sharedOf.get(b);
}

/**
 * The guard to bind to what it stands before already. One that names nobody does not take away on
 * whose behalf that acts; one that names somebody takes nothing along to them.
 */
export function bindAgain(before: Guard | undefined, now: Guard): Guard {
  const named = now.context.principal !== undefined;
  if (before === undefined || before === now || named || !sameGuard(before, now)) return now;
  return Object.keys(before.context).length === 0 ? now : before.with(now.context);
}

function bind(shared: Shared, context: CallContext): Guard {
  const { parts } = shared;

  function stateOf(tool: RegisteredTool, input: CallInput): CallState {
    const own = Object.hasOwn(input, 'context') ? input.context : undefined;
    if (own === undefined && parts.ambient === undefined) {
      return callState(parts, tool, input, context);
    }
    try {
      const explicit = own === undefined ? context : mergeContext(context, own);
      return callState(parts, tool, input, around(parts.ambient, explicit));
    } catch (error) {
      const { name } = tool.info.identity;
      return callState(parts, refusedTool(name, error), input, context);
    }
  }

  const requested = (request: CallRequest): CallState =>
    stateOf(shared.tools.ofRequest(request), request);

  const guard: Guard = Object.freeze({
    context,
    policy: parts.policy,
    audit: parts.audit,
    canAsk: parts.approvers.length > 0 || parts.asks !== 'refuse',
    call: async (request: CallRequest, execute: Execute<unknown>) =>
      drive(runCall(requested(request), execute)) as never, // the overloads say what it is
    decide: async (request: CallRequest) => drive(checkCall(requested(request))),
    enforce: async (request: CallRequest) => drive(enforceCall(requested(request))),
    resume: async (aid: string, execute: Execute<unknown>, request: ResumeRequest = {}) => {
      const { tool, input } = await drive(resumedCall(parts, shared.tools, aid, request));
      return drive(runCall(stateOf(tool, input), execute)) as never; // its caller says what it is
    },
    wrap: (name: string, given: Wrapped['fn'], more: WrapOptions = {}) => {
      // The same guard guards once: a function that comes back under its name is wrapped anew.
      const before = shared.wrapped.get(given);
      const again = before?.name === name ? before : undefined;
      const fn = again?.fn ?? given;
      const options = { ...again?.options, ...more };
      const bound = bindAgain(again?.guard, guard);
      if (bound !== guard) return bound.wrap(name, fn, options) as never; // the overloads say what it is
      const wrapped = wrapFunction(name, fn, options, (spec) => {
        const tool = shared.tools.register(spec);
        return (input, execute) => runCall(stateOf(tool, input), execute);
      });
      shared.wrapped.set(wrapped, { name, fn, options, guard });
      return wrapped as never; // the overloads say what it is
    },
    tool: (spec: ToolSpec) => guardedTool(shared.tools.registerOnce(spec), parts, stateOf),
    with: (more: CallContext) => bind(shared, mergeContext(context, more)),
    report: async (entry: ReportDraft) => drive(writeReport(parts, context, entry)),
    heard: async (turns: readonly Turn[]) =>
      drive(hear(parts, around(parts.ambient, context), turns)),
    hook: parts.hooks.add,
    on: parts.events.on,
    close: shared.close,
  });
  sharedOf.set(guard, shared);
  return guard;
}

/** What was said explicitly goes before what holds around the call. */
function around(ambient: Ambient | undefined, explicit: CallContext): CallContext {
  return ambient === undefined
    ? explicit
    : mergeContext(ambientContext(ambient, explicit), explicit);
}

function guardedTool(
  tool: RegisteredTool,
  { hooks }: Parts,
  state: (tool: RegisteredTool, input: CallInput) => CallState,
): GuardedTool {
  return {
    name: tool.info.identity.name,
    fixed() {
      const { ruling } = tool;
      if (typeof ruling !== 'object') return undefined;
      return ruling.effect === 'deny' || !hooks.checking ? ruling : undefined;
    },
    decide: (input) => drive(checkCall(state(tool, input))),
    open: (input, options) => drive(openCall(state(tool, input), options?.final === true)),
    vote: (input) => drive(voteOnCall(state(tool, input))),
    run: <T>(input: CallInput, execute: (args: never, run: ToolRun) => T) =>
      drive(runCall(state(tool, input), execute as Execute<unknown>)) as T | Promise<Awaited<T>>, // its shape
  };
}
