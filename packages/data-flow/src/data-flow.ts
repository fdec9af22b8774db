import {
  type CallContext,
  type DataFlow,
  digest,
  type FlowSight,
  type FlowView,
  type Guard,
  type MaybePromise,
  type Origin,
  type SessionKey,
  type ToolCall,
  type Turn,
} from '@guardstile/core';

import { type Declassification, isDeclassify, runDeclassify } from './declassification.ts';
import { flowNameOf } from './flow-rules.ts';
import type { FlowStore } from './flow-store.ts';
import {
  type Labelled,
  type Labelling,
  labellingOf,
  labelResult,
  labelUnread,
} from './label-result.ts';
import { createMemories, type Memory } from './memories.ts';
import { classOf } from './origin.ts';
import { createRunningCalls } from './running-calls.ts';
import { createSessionFlow, type SessionFlowOptions } from './session-flow.ts';
import { keyOf, ownerText, sessionText } from './session-key.ts';
import type { Steps } from './steps.ts';
import { createStreamText, type StreamText } from './stream-text.ts';
import { createTurns } from './turns.ts';
import { createUnmatched } from './unmatched-labels.ts';

/** How much a data flow keeps, and where. */
export interface DataFlowOptions extends Pick<SessionFlowOptions, 'maxText' | 'seed'> {
  /** Most sessions in memory at once. Beyond it the one unused for longest is forgotten. @default 1000 */
  readonly maxSessions?: number;
  /**
   * Read results that are text, by tool name. Only for a format that escapes what it holds: in a
   * template, content could write fields of its own.
   *
   * @default JSON.parse for each
   */
  readonly formats?: Readonly<Record<string, (text: string) => unknown>>;
  /** Keeps what sessions have seen for other processes. @default the memory of this one */
  readonly store?: FlowStore;
  /**
   * By name: what may declassify a value without a person. Only `true` does; the same value has to
   * get the same answer.
   */
  readonly functions?: Readonly<Record<string, (value: string, context: CallContext) => boolean>>;
}

/** The data flow of a guard, and what a host may tell and ask it. */
export interface SessionsDataFlow extends DataFlow {
  /** What the context's session has seen, with what was said in it. */
  session(context: CallContext, turns?: readonly Turn[]): MaybePromise<FlowView>;
  /** Keeps what the user typed, on behalf of whom the context says. Quoted parts can have another origin. */
  prompt(context: CallContext, text: string, origin?: Origin): MaybePromise<void>;
  /**
   * Makes one value of the guard's session count as trusted, or lets it out although it is secret:
   * by a guarded call of the tool `declassify` (source `guardstile`), which asks a person whatever the
   * policy says, unless a function says so.
   *
   * @throws {GuardError} whenever it is not allowed.
   * @throws {TypeError} for what cannot be declassified.
   */
  declassify(guard: Guard, what: Declassification): Promise<void>;
  /** Forgets a session that is over, in the store too. */
  end(key: SessionKey): MaybePromise<void>;
  /** Labels whose paths no result has had so far, as `tool: path`. */
  readonly unmatchedLabels: readonly string[];
}

const MOST_TEXT = 8_000_000;
const HISTORY: Origin = 'untrusted:history';

/** What is under way in a stream. */
interface Stream {
  readonly text: StreamText;
  readonly told: Set<string>;
}

/**
 * Remembers where the values of sessions came from.
 *
 * @throws {TypeError} for a limit that is none.
 *
 * @example
 * const guard = createGuard({ policy, dataFlow: createDataFlow() });
 */
export function createDataFlow(options: DataFlowOptions = {}): SessionsDataFlow {
  const {
    maxText = MOST_TEXT,
    maxSessions = 1000,
    formats = {},
    functions = {},
    store,
    seed,
  } = options;
  if (!(Number.isSafeInteger(maxSessions) && maxSessions > 0)) {
    throw new TypeError('maxSessions has to be a whole number above 0');
  }
  createSessionFlow({ maxText }); // Throws now, and not when a session begins.
  const memories = createMemories({
    maxText,
    maxSessions,
    store,
    ...(seed === undefined ? {} : { seed }),
  });
  const running = createRunningCalls();
  const streams = new Map<string, Stream>();
  const unmatched = createUnmatched();
  const turns = createTurns();
  /** Contexts of calls that are about to declassify. */
  const declassifying = new Map<string, CallContext>();

  /** One after the other for one person: sessions that become one are of one person. */
  function inTurn<T>(context: CallContext, steps: () => Steps<T>): T | Promise<T> {
    return turns.take(ownerText(keyOf(context)), steps);
  }

  function* memoryOf(context: CallContext, hasHistory: boolean): Steps<Memory> {
    const key = keyOf(context);
    const parent = running.parentOf(context);
    if (parent !== undefined && sessionText(parent) !== sessionText(key)) {
      return yield* memories.join(key, yield* memories.of(parent, 'new'));
    }
    // A call of a call that nobody knows continues what nobody has seen.
    const isOrphan = context.parent !== undefined && parent === undefined;
    return yield* memories.of(key, hasHistory || isOrphan ? 'with-history' : 'new');
  }

  /** Most conversations are handed over again as they were. */
  function heardAlready(context: CallContext, said: readonly Turn[]): FlowView | undefined {
    if (context.parent !== undefined) return undefined;
    const memory = memories.peek(keyOf(context));
    if (memory === undefined) return undefined;
    const isNew = said.some((turn) =>
      turn.role === 'user' ? !memory.turns.user.has(turn.text) : !memory.calls.has(turn.call),
    );
    return isNew ? undefined : memory.view;
  }

  function* hear(memory: Memory, context: CallContext, said: readonly Turn[]): Steps<void> {
    for (const turn of said) {
      if (turn.role === 'tool') {
        if (!memory.calls.has(turn.call)) yield* hearOf(memory, textOf(turn.value), turn);
        // What an agent tells another one is nobody's word: all of it came from somewhere.
      } else if (context.parent === undefined) {
        yield* hearOf(memory, turn.text, undefined);
      }
    }
  }

  /** Keeps what is said once, however often it is repeated. */
  function* hearOf(
    memory: Memory,
    text: string,
    made: Extract<Turn, { role: 'tool' }> | undefined,
  ): Steps<void> {
    const role = made === undefined ? 'user' : 'tool';
    if (memory.turns[role].has(text)) return;
    const turn = store === undefined ? undefined : digest('turn', [role, text]);
    if (turn === undefined || !memory.digests.has(turn)) {
      const value = made === undefined ? text : made.value;
      const origin = made === undefined ? 'prompt' : HISTORY;
      const tool = made?.tool;
      const kept = yield* keep(
        memory,
        { value, observation: { origin }, read: true },
        {
          ...(tool === undefined ? {} : { tool }),
          ...(turn === undefined ? {} : { turn }),
        },
      );
      if (!kept) return;
    }
    memory.turns[role].add(text);
  }

  interface Seen {
    readonly tool?: string;
    readonly rid?: string;
    readonly call?: string;
    readonly turn?: string;
  }

  /** Keeps a value; false where there is no room for any of it. */
  function* keep(memory: Memory, { value, observation }: Labelled, seen: Seen): Steps<boolean> {
    const { tool, rid, call, turn } = seen;
    const { flow } = memory;
    const { matched, ...record } = flow.take(value, {
      ...observation,
      ...(tool === undefined ? {} : { tool }),
      ...(rid === undefined ? {} : { rid }),
    });
    if (tool !== undefined) unmatched.saw(tool, matched);
    const knows = observation.origin === 'sent' ? flow.knowsSent : flow.complete;
    const fits = record.complete || record.leaves.starts.length > 0;
    // That there is more than is kept is known already.
    if (!fits && !knows) return false;
    yield* memories.add(memory, {
      kind: 'kept',
      record,
      ...(call === undefined ? {} : { call }),
      ...(turn === undefined || !fits ? {} : { turn }),
    });
    return fits;
  }

  function* observed(
    call: ToolCall,
    context: CallContext,
    sight: FlowSight,
  ): Steps<readonly string[]> {
    const { rid, facts } = call;
    const memory = yield* memoryOf(context, false);
    const labelling = labellingOf(facts, sight.labels);
    const tool = flowNameOf(call.tool);
    for (const one of partsOf(call, tool, labelling, sight)) {
      if (one === MISSED) yield* memories.add(memory, { kind: 'missed', what: 'content' });
      else {
        if (one.read) unmatched.expect(tool, labelling.paths);
        yield* keep(memory, one, { tool, rid, call: call.id });
      }
    }
    if (sight.kind !== 'chunk') running.ended(rid);
    return newLabels(call, memory, sight);
  }

  /** What there is to be kept of what the model is about to see. */
  function partsOf(
    { rid }: ToolCall,
    tool: string,
    labelling: Labelling,
    { kind, value }: FlowSight,
  ): ReadonlyArray<Labelled | typeof MISSED> {
    const format = Object.hasOwn(formats, tool) ? formats[tool] : undefined;
    if (kind === 'error') return labelUnread(labelling, value);
    if (kind === 'result') return labelResult(labelling, value, format);
    if (kind === 'chunk') {
      const stream = streams.get(rid) ?? { text: createStreamText(maxText), told: new Set() };
      streams.set(rid, stream);
      if (typeof value !== 'string') return labelResult(labelling, value, format);
      stream.text.push(value);
      return [];
    }
    const text = streams.get(rid)?.text.whole();
    const cut = streams.has(rid) && text === undefined;
    const own = text === undefined || text === '' ? [] : labelResult(labelling, text, format);
    const last = value === undefined ? [] : labelResult(labelling, value, format);
    return [...own, ...(cut ? ([MISSED] as const) : []), ...last];
  }

  /** Labels that the session of the call does not have yet. */
  function newLabels(call: ToolCall, { flow }: Memory, { kind }: FlowSight): readonly string[] {
    const told = streams.get(call.rid)?.told;
    if (kind === 'end') streams.delete(call.rid);
    const labels = flow.origins.filter((origin) => {
      const name = classOf(origin);
      if (name !== 'untrusted' && name !== 'secret') return false;
      return !call.labels.includes(origin) && told?.has(origin) !== true;
    });
    for (const label of labels) told?.add(label);
    return labels;
  }

  /** Whether the function of this name says so; `undefined` where a person has to. */
  function holds({ by, value }: Declassification, { context }: Guard): boolean | undefined {
    if (by === undefined) return undefined;
    try {
      return Object.hasOwn(functions, by) && functions[by]?.(String(value), context) === true;
    } catch {
      return false;
    }
  }

  function keepDeclassified(rid: string, { value, as }: Declassification): void | Promise<void> {
    const context = declassifying.get(rid);
    declassifying.delete(rid);
    if (context === undefined)
      throw new TypeError('the guard has another data flow; pass this one');
    return inTurn(context, function* () {
      const memory = yield* memoryOf(context, false);
      const before = memory.flow.values.length;
      yield* memories.add(memory, { kind: 'declassified', value: String(value), as });
      if (memory.flow.values.length === before) throw new Error('there is no room for it');
    });
  }

  return {
    name: store === undefined ? 'data flow' : `data flow in ${store.name}`,
    session: (context, said = []) =>
      heardAlready(context, said) ??
      inTurn(context, function* () {
        const memory = yield* memoryOf(
          context,
          said.some(({ role }) => role === 'tool'),
        );
        yield* hear(memory, context, said);
        return memory.view;
      }),
    starting: (call, context) =>
      inTurn(context, function* () {
        const memory = yield* memoryOf(context, false);
        // What is declassified goes nowhere.
        if (isDeclassify(call.tool)) declassifying.set(call.rid, context);
        else if (call.facts.effect !== 'readOnly') {
          const { args, confined } = call;
          const value = args === confined ? args : [args, confined];
          const sent = { value, observation: { origin: 'sent' as const }, read: false };
          yield* keep(memory, sent, { tool: flowNameOf(call.tool), rid: call.rid });
        }
        running.started(call.rid, context);
      }),
    observe: (call, context, sight) => inTurn(context, () => observed(call, context, sight)),
    prompt: (context, text, origin = 'prompt') =>
      inTurn(context, function* () {
        const memory = yield* memoryOf(context, false);
        if (origin === 'prompt') return yield* hearOf(memory, text, undefined);
        yield* keep(memory, { value: text, observation: { origin }, read: false }, {});
      }),
    declassify: (guard, what) => runDeclassify(guard, what, holds(what, guard), keepDeclassified),
    end: (key) => turns.take(ownerText(key), () => memories.end(key)),
    get unmatchedLabels() {
      return unmatched.list;
    },
  };
}

const MISSED = 'missed';

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'what cannot be written';
  }
}
