import type { AuditLog } from './audit/log.ts';
import type { CallContext } from './call.ts';
import type { Decision } from './decision.ts';
import { GuardError } from './errors.ts';
import type { GuardEventName, Listener } from './events.ts';
import { type GuardOptions, type Parts, partsOf } from './guard-options.ts';
import type { Hooks } from './hooks.ts';
import { callState } from './pipeline/call-state.ts';
import { checkCall, openCall, runCall } from './pipeline/pipeline.ts';
import type { Execute, ToolRun } from './pipeline/run-body.ts';
import type { Policy } from './policy/policy.ts';
import type { ToolSchema } from './schema.ts';
import { drive, type MaybePromise } from './steps.ts';
import { type CallInput, type RegisteredTool, registerTool, type ToolSpec } from './tool.ts';
import { wrapFunction, type WrapOptions } from './wrap.ts';

/** A request to call a tool: what the tool is, and with what. */
export type CallRequest = Omit<ToolSpec, 'name'> & CallInput & { readonly tool: string };

/** One tool behind a guard, its rules resolved: what adapters call. */
export interface GuardedTool {
  readonly name: string;
  /** The verdict that holds for every call of it, where there is one. */
  readonly fixed: Decision | undefined;
  /** The verdict without running. */
  decide(input: CallInput): MaybePromise<Decision>;
  /** The verdict; where a person has to be asked, the approval is opened and not waited for. */
  open(input: CallInput): MaybePromise<Decision>;
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
  /** Whether somebody in this process can be asked; otherwise the framework has to. */
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
  /** A function of the same type that passes through the guard. */
  wrap<F extends (...args: never[]) => unknown>(
    name: string,
    fn: F,
    options: WrapOptions & { readonly onDeny: 'return' },
  ): (...args: Parameters<F>) => ReturnType<F> | Refusal<ReturnType<F>>;
  wrap<F extends (...args: never[]) => unknown>(name: string, fn: F, options?: WrapOptions): F;
  /** A tool with its rules resolved, for adapters and for calling it often. */
  tool(spec: ToolSpec): GuardedTool;
  /** The same guard for one request: its context goes before this one's, field by field. */
  with(context: CallContext): Guard;
  /** Adds hooks. Returns the undo. */
  hook(hooks: Hooks): () => void;
  /** Listens to an event. Returns the undo. */
  on<Name extends GuardEventName>(name: Name, listener: Listener<Name>): () => void;
  /** Refuses every further call, waits for what is still being written, and closes log and sandbox. */
  close(): Promise<void>;
}

/** What a wrapped function returns instead of throwing, with `onDeny: 'return'`. */
export interface Denial {
  readonly error: string;
  readonly allowed: false;
  readonly code: string;
}

type Refusal<R> = R extends PromiseLike<unknown> ? Promise<Denial> : Denial;

/** What the guards of one `createGuard()` share. */
interface Shared {
  readonly parts: Parts;
  readonly tools: WeakMap<ToolSpec, RegisteredTool>;
  readonly named: Map<string, RegisteredTool>;
  readonly close: () => Promise<void>;
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
  const undo: Array<() => void> = [];
  for (const hooks of [options.hooks ?? []].flat()) {
    if (hooks.onEvent !== undefined) undo.push(parts.events.onAny((event) => hooks.onEvent?.(event)));
  }
  const unsubscribe = parts.policy.onChange?.((change) => tellPolicyChange(parts, change));
  const shared: Shared = {
    parts,
    tools: new WeakMap(),
    named: new Map(),
    close: async () => {
      if (parts.closed) return;
      parts.closed = true;
      unsubscribe?.();
      for (const remove of undo) remove();
      while (parts.trailing.size > 0) await Promise.allSettled(parts.trailing);
      await parts.sandbox.close?.();
      await parts.audit?.close?.();
    },
  };
  return bind(shared, Object.freeze({ ...options.context }));
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

function bind(shared: Shared, context: CallContext): Guard {
  const { parts } = shared;

  function registered(request: CallRequest): RegisteredTool {
    const { tool: name, args, id, context: c, demands, answer, parsed, ...spec } = request;
    void [args, id, c, demands, answer, parsed];
    const plain = Object.keys(spec).length === 0;
    const known = plain ? shared.named.get(name) : undefined;
    if (known !== undefined) return known;
    const tool = register(shared, { ...spec, name });
    if (plain && shared.named.size < MOST_NAMES) shared.named.set(name, tool);
    return tool;
  }

  const state = (tool: RegisteredTool, input: CallInput): ReturnType<typeof callState> =>
    callState(parts, tool, input, input.context === undefined ? context : merge(context, input.context));

  const guard: Guard = Object.freeze({
    context,
    policy: parts.policy,
    audit: parts.audit,
    canAsk: parts.approvers.length > 0,
    call: (async (request: CallRequest, execute: Execute<unknown>) =>
      drive(runCall(state(registered(request), request), execute))) as Guard['call'], // typed per request
    decide: async (request: CallRequest) => drive(checkCall(state(registered(request), request))),
    async enforce(request: CallRequest) {
      const running = state(registered(request), request);
      const decision = await drive(checkCall(running));
      if (decision.effect === 'allow') return;
      const code = decision.effect === 'ask' ? 'approval_required' : decision.code;
      throw new GuardError(code, decision.reason, {
        tool: request.tool,
        rid: running.rid,
        ...(decision.rule === undefined ? {} : { rule: decision.rule }),
      });
    },
    wrap: (name: string, fn: (...args: never[]) => unknown, wrapOptions: WrapOptions = {}) =>
      wrapFunction(name, fn, wrapOptions, (spec) => {
        const tool = register(shared, spec);
        return (input, execute) => runCall(state(tool, input), execute);
      }) as never, // the overloads say what it is
    tool: (spec: ToolSpec) => guardedTool(registerOnce(shared, spec), state),
    with: (more: CallContext) => bind(shared, merge(context, more)),
    hook(hooks: Hooks) {
      const remove = parts.hooks.add(hooks);
      const { onEvent } = hooks;
      const silence = onEvent === undefined ? undefined : parts.events.onAny((e) => onEvent.call(hooks, e));
      return () => {
        remove();
        silence?.();
      };
    },
    on: parts.events.on,
    close: shared.close,
  });
  sharedOf.set(guard, shared);
  return guard;
}

/** Names that calls without a `ToolSpec` may make up; further ones are registered at every call. */
const MOST_NAMES = 10_000;

function register({ parts }: Shared, spec: ToolSpec): RegisteredTool {
  const stated = Object.hasOwn(parts.facts, spec.name) ? parts.facts[spec.name] : undefined;
  const facts = spec.facts ?? stated;
  return registerTool(facts === undefined ? spec : { ...spec, facts }, parts.policy, parts);
}

function registerOnce(shared: Shared, spec: ToolSpec): RegisteredTool {
  let tool = shared.tools.get(spec);
  if (tool === undefined) {
    tool = register(shared, spec);
    shared.tools.set(spec, tool);
  }
  return tool;
}

function guardedTool(
  tool: RegisteredTool,
  state: (tool: RegisteredTool, input: CallInput) => ReturnType<typeof callState>,
): GuardedTool {
  return {
    name: tool.info.identity.name,
    fixed: typeof tool.ruling === 'object' ? tool.ruling : undefined,
    decide: (input) => drive(checkCall(state(tool, input))),
    open: (input) => drive(openCall(state(tool, input))),
    run: <T>(input: CallInput, execute: (args: never, run: ToolRun) => T) =>
      drive(runCall(state(tool, input), execute as Execute<unknown>)) as T | Promise<Awaited<T>>, // its shape
  };
}

function merge(base: CallContext, more: CallContext): CallContext {
  return Object.freeze({ ...base, ...more });
}

function tellPolicyChange(
  parts: Parts,
  change: { readonly policy: string; readonly change: string; readonly from?: unknown; readonly to?: unknown },
): void {
  const { policy, change: what, from, to } = change;
  parts.events.emit('policy.changed', () => ({ at: Date.now(), policy, change: what }));
  const fail = (error: unknown): void =>
    parts.logger?.warn(`a change of the policy could not be recorded: ${String(error)}`);
  try {
    const appended = Promise.resolve(
      parts.audit?.append({
        kind: 'policy',
        action: 'policy.changed',
        actor: 'guard',
        reason: what,
        payload: { policy, from: from ?? null, to: to ?? null },
      }),
    );
    parts.trailing.add(appended);
    appended.then(() => parts.trailing.delete(appended), fail);
  } catch (error) {
    fail(error);
  }
}
