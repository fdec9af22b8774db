import {
  type CallContext,
  createRedactor,
  type Guard,
  GuardError,
  isGuard,
  ownOptions,
  type RedactOptions,
  type Redactor,
  type ReportDraft,
} from '@guardstile/core';
import { BaseCallbackHandler } from '@langchain/core/callbacks/base';

import { type ContextOf, contextOf } from './call-context.ts';
import { isKnownRun } from './guarded-run-ids.ts';
import { type HandlerRun, type HandlerRuns, handlerRuns, type RunKind } from './handler-run.ts';
import { providerCallsIn } from './provider-calls.ts';
import { isOfGuardedTool } from './serialized-tool.ts';
import { conversationOf, offersTools, type RunStart, startedWith } from './started-with.ts';

/** What the handler tells of a run that no guard stands before. */
export interface HandlerEvent {
  readonly type: `${RunKind}.${'start' | 'end' | 'error'}` | 'provider.call';
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly run: HandlerRun;
  /** Redacted copies. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** How the handler sees and tells. */
export interface GuardCallbackHandlerOptions {
  /**
   * What happens with a run of a tool that this guard does not stand before: an entry in the log, or
   * an error that LangChain raises before the tool starts.
   *
   * @default 'report'
   */
  readonly onUnguarded?: 'report' | 'fail';
  /** Who a run is for, from the metadata that the application put into the config. */
  readonly context?: ContextOf;
  /** Told of everything that is written down. What it throws reaches nobody. */
  readonly onEvent?: (event: HandlerEvent) => unknown;
  /** What to hide beside what is hidden anyway. */
  readonly redact?: RedactOptions;
}

const KNOWN = ['onUnguarded', 'context', 'onEvent', 'redact'] as const;

type Metadata = Readonly<Record<string, unknown>>;

/** What LangChain says of the start of any run. */
interface Start {
  readonly kind: RunKind;
  readonly serialized: unknown;
  readonly run: string;
  readonly parentRun: string | undefined;
  readonly metadata: Metadata | undefined;
  readonly name: string | undefined;
  readonly call?: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * Writes into the guard's log what runs past it: tools that no guard stands before, retrievers,
 * models, and what their providers ran. Calls of guarded tools are in the log already. It observes,
 * and is no point of enforcement. The guard's data flow hears from it what a run was started with.
 *
 * @example
 * await agent.invoke(input, { callbacks: [new GuardCallbackHandler(guard)] });
 */
export class GuardCallbackHandler extends BaseCallbackHandler {
  readonly name = 'guardstile';
  readonly #guard: Guard;
  readonly #options: GuardCallbackHandlerOptions;
  readonly #redactor: Redactor;
  readonly #runs: HandlerRuns = handlerRuns();

  constructor(guard: Guard, given: GuardCallbackHandlerOptions = {}) {
    const options = ownOptions('GuardCallbackHandler', given, KNOWN, 'options_invalid');
    // LangChain stops for a handler that throws only if it awaits it and raises its errors: an
    // error of one that is not awaited ends the process instead.
    super({ raiseError: options.onUnguarded === 'fail', _awaitHandler: true });
    if (!isGuard(guard)) {
      throw new GuardError(
        'options_invalid',
        'GuardCallbackHandler: pass the guard that createGuard() returned',
      );
    }
    if (![undefined, 'report', 'fail'].includes(options.onUnguarded)) {
      throw new GuardError(
        'options_invalid',
        "GuardCallbackHandler: onUnguarded has to be 'report' or 'fail'",
      );
    }
    this.#guard = guard;
    this.#options = options;
    this.#redactor = createRedactor(options.redact);
  }

  /** LangChain copies handlers by their fields, and a copy would follow other runs. */
  override copy(): this {
    return this;
  }

  override async handleToolStart(
    serialized: unknown,
    input: string,
    run: string,
    parentRun?: string,
    _tags?: string[],
    metadata?: Metadata,
    name?: string,
    call?: string,
  ): Promise<void> {
    if (isOfGuardedTool(serialized, this.#guard) || isKnownRun(run, this.#guard)) return;
    const details = { args: parsed(input) };
    const start: Start = {
      kind: 'tool',
      serialized,
      run,
      parentRun,
      metadata,
      name,
      call,
      details,
    };
    await this.#started(start, 'tool.unguarded');
    if (this.#options.onUnguarded !== 'fail') return;
    // Nobody is told the end of a run that a handler has stopped.
    this.#runs.ended(run);
    throw new GuardError(
      'tool_invalid',
      'it was about to run without the guard; pass it through withGuard(), and use what that returns',
      { tool: nameOf(start) },
    );
  }

  override async handleToolEnd(_output: unknown, run: string): Promise<void> {
    await this.#ended(run, {});
  }

  override async handleToolError(error: unknown, run: string): Promise<void> {
    await this.#ended(run, { error });
  }

  override async handleChainStart(
    chain: unknown,
    inputs: unknown,
    _run: string,
    parentRun?: string,
    _tags?: string[],
    metadata?: Metadata,
  ): Promise<void> {
    await this.#hear({ parentRun, metadata }, conversationOf(chain, inputs));
  }

  override async handleRetrieverStart(
    serialized: unknown,
    query: string,
    run: string,
    parentRun?: string,
    _tags?: string[],
    metadata?: Metadata,
    name?: string,
  ): Promise<void> {
    const details = { args: { query } };
    await this.#started(
      { kind: 'retriever', serialized, run, parentRun, metadata, name, details },
      'retriever.start',
    );
  }

  override async handleRetrieverEnd(documents: readonly unknown[], run: string): Promise<void> {
    await this.#ended(run, { documents: documents.length });
  }

  override async handleRetrieverError(error: unknown, run: string): Promise<void> {
    await this.#ended(run, { error });
  }

  override async handleChatModelStart(
    serialized: unknown,
    messages: readonly (readonly unknown[])[],
    run: string,
    parentRun?: string,
    extra?: Metadata,
    _tags?: string[],
    metadata?: Metadata,
    name?: string,
  ): Promise<void> {
    const details = { messages: messages.flat().length };
    await this.#started(
      { kind: 'model', serialized, run, parentRun, metadata, name, details },
      'model.start',
    );
    if (offersTools(extra)) await this.#hear({ parentRun, metadata }, messages.flat());
  }

  override async handleLLMStart(
    serialized: unknown,
    prompts: readonly string[],
    run: string,
    parentRun?: string,
    _extra?: Metadata,
    tags?: string[],
    metadata?: Metadata,
    name?: string,
  ): Promise<void> {
    const messages = prompts.map((prompt) => [prompt]);
    await this.handleChatModelStart(serialized, messages, run, parentRun, {}, tags, metadata, name);
  }

  override async handleLLMEnd(
    output: { readonly generations?: ReadonlyArray<readonly unknown[]> },
    runId: string,
  ): Promise<void> {
    const run = await this.#ended(runId, {});
    const messages = (output.generations ?? []).flat().map(messageOf);
    for (const { tool, id, args } of messages.flatMap(providerCallsIn)) {
      await this.#write('provider.call', run, {
        action: 'provider.call',
        actor: 'provider',
        tool,
        source: 'provider',
        ...(id === undefined ? {} : { call: id }),
        args: this.#redactor.stored(args),
      });
    }
  }

  override async handleLLMError(error: unknown, run: string): Promise<void> {
    await this.#ended(run, { error });
  }

  async #hear(start: RunStart, messages: unknown): Promise<void> {
    const turns = startedWith(start, messages);
    const { who, problem } = this.#found(start.metadata);
    // Nobody can tell whose word it is, and no call is let through for them.
    if (turns.length === 0 || problem !== undefined) return;
    await this.#guard.with(contextIn(who)).heard(turns);
  }

  async #started(start: Start, action: string): Promise<void> {
    const { kind, run, parentRun, call, metadata } = start;
    const name = nameOf(start);
    const began: HandlerRun = {
      kind,
      run,
      parentRun,
      name,
      call,
      startedAt: performance.now(),
      who: this.#who(metadata),
    };
    this.#runs.started(began);
    const { args, ...rest } = start.details;
    await this.#write(`${kind}.start`, began, {
      action,
      actor: 'langchain',
      ...(kind === 'tool' ? { tool: name } : {}),
      ...(call === undefined ? {} : { call }),
      ...(args === undefined ? {} : { args: this.#redactor.stored(args) }),
      payload: { ...payloadOf(began), ...rest },
    });
  }

  async #ended(
    runId: string,
    what: { readonly error?: unknown; readonly documents?: number },
  ): Promise<HandlerRun | undefined> {
    const run = this.#runs.ended(runId);
    if (run === undefined) return undefined;
    const failed = Object.hasOwn(what, 'error');
    const { kind, name, call } = run;
    const { error, ...rest } = what;
    await this.#write(`${kind}.${failed ? 'error' : 'end'}`, run, {
      action: kind === 'tool' ? 'tool.unguarded.end' : `${kind}.end`,
      actor: 'langchain',
      ...(kind === 'tool' ? { tool: name } : {}),
      ...(call === undefined ? {} : { call }),
      status: failed ? 'error' : 'ok',
      ms: Math.round((performance.now() - run.startedAt) * 1000) / 1000,
      ...(failed ? { error: this.#redactor.text(textOf(error)) } : {}),
      payload: { ...payloadOf(run), ...rest },
    });
    return run;
  }

  async #write(
    type: HandlerEvent['type'],
    run: HandlerRun | undefined,
    draft: ReportDraft,
  ): Promise<void> {
    if (run === undefined) return;
    this.#tell({ type, at: Date.now(), run, details: draft });
    await this.#guard.with(contextIn(run.who)).report(draft);
  }

  #tell(event: HandlerEvent): void {
    const { onEvent } = this.#options;
    if (onEvent === undefined) return;
    // A listener reaches no run, whether it throws or rejects.
    const telling = async (): Promise<unknown> => onEvent(event);
    telling().catch(() => undefined);
  }

  /** What runs past the guard is written down whether it is known for whom or not. */
  #who(metadata: Metadata | undefined): HandlerRun['who'] {
    return this.#found(metadata).who;
  }

  #found(metadata: Metadata | undefined): Found {
    // LangGraph copies the thread into the metadata, where handlers see it.
    const config = { configurable: metadata ?? {}, metadata: metadata ?? {} };
    const { context, problem } = contextOf(this.#guard, config, this.#options.context);
    const { principal, session, agent }: CallContext = { ...this.#guard.context, ...context };
    const who = {
      ...(principal === undefined ? {} : { user: principal.id }),
      ...(principal?.tenant === undefined ? {} : { tenant: principal.tenant }),
      ...(session === undefined ? {} : { session }),
      ...(agent === undefined ? {} : { agent }),
    };
    return { who, problem };
  }
}

/** On whose behalf, and why that cannot be told. */
interface Found {
  readonly who: HandlerRun['who'];
  readonly problem: string | undefined;
}

function contextIn({ user, tenant, session, agent }: HandlerRun['who']): CallContext {
  return {
    ...(user === undefined
      ? {}
      : { principal: { id: user, ...(tenant === undefined ? {} : { tenant }) } }),
    ...(session === undefined ? {} : { session }),
    ...(agent === undefined ? {} : { agent }),
  };
}

function payloadOf({ kind, name, run, parentRun }: HandlerRun): Readonly<Record<string, unknown>> {
  return { kind, name, run, ...(parentRun === undefined ? {} : { parentRun }) };
}

/** LangChain tells the name of a tool only if it was made by a function; of others, their class. */
function nameOf({ name, serialized }: Pick<Start, 'name' | 'serialized'>): string {
  if (name !== undefined && name !== '') return name;
  const { id } = (serialized ?? {}) as { readonly id?: unknown };
  const last: unknown = Array.isArray(id) ? id.at(-1) : undefined;
  return typeof last === 'string' ? last : 'unknown';
}

function messageOf(generation: unknown): unknown {
  return typeof generation === 'object' && generation !== null && 'message' in generation
    ? generation.message
    : undefined;
}

function parsed(input: string): unknown {
  try {
    return JSON.parse(input) as unknown;
  } catch {
    return input;
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
