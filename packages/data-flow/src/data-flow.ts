import type { CallContext, FlowSight, FlowView, Guard, ToolCall } from '@guardstile/core';

import { type DataFlowOptions, readOptions, type SessionsDataFlow } from './data-flow-options.ts';
import {
  type Declassification,
  type Declassified,
  isDeclassify,
  runDeclassify,
} from './declassification.ts';
import { flowNameOf } from './flow-rules.ts';
import { createHearing, isHeard, type Speaker } from './hear-turns.ts';
import { createKeepValue } from './keep-value.ts';
import {
  type Labelled,
  type Labelling,
  labellingOf,
  labelResult,
  labelUnread,
} from './label-result.ts';
import { createMemories, type Memory, MISSED } from './memories.ts';
import { classOf } from './origin.ts';
import { createOpenStreams } from './open-streams.ts';
import { patientStore } from './patient-store.ts';
import { createRunningCalls } from './running-calls.ts';
import { keyOf, ownerText, sessionText } from './session-key.ts';
import type { Steps } from './steps.ts';
import { createQueues } from './queues.ts';
import { createUnmatched } from './unmatched-labels.ts';

/**
 * Remembers where the values of sessions came from.
 *
 * @throws {GuardError} `options_invalid` for an option that nobody reads.
 * @throws {TypeError} for a limit that is none.
 *
 * @example
 * const guard = createGuard({ policy, dataFlow: createDataFlow() });
 */
export function createDataFlow(options: DataFlowOptions = {}): SessionsDataFlow {
  const { formats, functions, store, ...limits } = readOptions(options);
  const memories = createMemories({ ...limits, store: store && patientStore(store) });
  const running = createRunningCalls();
  const streams = createOpenStreams(limits.maxText);
  const unmatched = createUnmatched();
  const keep = createKeepValue(memories, unmatched);
  const hearing = createHearing(keep, store !== undefined);
  const queues = createQueues();

  /** One after the other for one person: sessions that become one are of one person. */
  function inTurn<T>(context: CallContext, steps: () => Steps<T>): T | Promise<T> {
    return queues.take(ownerText(keyOf(context)), steps);
  }

  function* memoryOf(context: CallContext, hasHistory = false): Steps<Memory> {
    const memory = yield* sharedMemory(context, hasHistory);
    if (streams.wasGivenUp(sessionText(keyOf(context)))) yield* memories.add(memory, MISSED);
    return memory;
  }

  function* sharedMemory(context: CallContext, hasHistory: boolean): Steps<Memory> {
    const key = keyOf(context);
    const parent = running.parentOf(context);
    if (parent !== undefined && sessionText(parent) !== sessionText(key)) {
      return yield* memories.join(key, yield* memories.of(parent, 'new'));
    }
    // A call of a call that nobody knows continues what nobody has seen.
    const isOrphan = context.parent !== undefined && parent === undefined;
    return yield* memories.of(key, hasHistory || isOrphan ? 'with-history' : 'new');
  }

  function speakerIn(context: CallContext): Speaker {
    if (context.parent !== undefined) return 'agent';
    return running.isBusy(keyOf(context)) ? 'unclear' : 'user';
  }

  /** Most conversations are handed over again as they were. */
  function heardAlready(
    context: CallContext,
    said: Parameters<typeof isHeard>[1],
  ): FlowView | undefined {
    if (context.parent !== undefined || streams.givenUp > 0) return undefined;
    const memory = memories.peek(keyOf(context));
    return memory !== undefined && isHeard(memory, said) ? memory.view : undefined;
  }

  function* observed(
    call: ToolCall,
    context: CallContext,
    sight: FlowSight,
  ): Steps<readonly string[]> {
    const { rid, id } = call;
    const memory = yield* memoryOf(context);
    const labelling = labellingOf(call.facts, sight.labels);
    const tool = flowNameOf(call.tool);
    const seen = { tool, rid, call: id };
    if (sight.kind === 'chunk') streams.open(rid, sessionText(keyOf(context)));
    for (const one of labelledIn(rid, tool, labelling, sight)) {
      if (one.read) unmatched.expect(tool, labelling.paths);
      yield* keep(memory, one, seen);
    }
    if (sight.kind === 'end' && streams.get(rid)?.text.isCut === true) {
      yield* memories.add(memory, MISSED);
    }
    const labels = newLabels(call, memory);
    if (sight.kind === 'end') streams.close(rid);
    return labels;
  }

  /** What there is to be kept of what the model is about to see. */
  function labelledIn(
    rid: string,
    tool: string,
    labelling: Labelling,
    { kind, value }: FlowSight,
  ): readonly Labelled[] {
    const format = Object.hasOwn(formats, tool) ? formats[tool] : undefined;
    if (kind === 'error') return labelUnread(labelling, value);
    if (kind === 'chunk' && typeof value === 'string') {
      streams.get(rid)?.text.push(value);
      return [];
    }
    const text = kind === 'end' ? streams.get(rid)?.text.whole() : undefined;
    const values = [text === '' ? undefined : text, value].filter((one) => one !== undefined);
    return values.flatMap((one) => labelResult(labelling, one, format));
  }

  /** Labels that the session of the call does not have yet. */
  function newLabels({ rid, labels: had }: ToolCall, { flow }: Memory): readonly string[] {
    const told = streams.get(rid)?.told;
    const labels = flow.origins.filter((origin) => {
      const name = classOf(origin);
      if (name !== 'untrusted' && name !== 'secret') return false;
      return !had.includes(origin) && told?.has(origin) !== true;
    });
    for (const label of labels) told?.add(label);
    return labels;
  }

  function* startingOf(call: ToolCall, context: CallContext): Steps<void> {
    const memory = yield* memoryOf(context);
    const { rid, args, confined } = call;
    // What is declassified goes nowhere.
    if (call.facts.effect !== 'readOnly' && !isDeclassify(call.tool)) {
      const value = args === confined ? args : [args, confined];
      const sent = { value, observation: { origin: 'sent' as const }, read: false };
      yield* keep(memory, sent, { tool: flowNameOf(call.tool), rid });
    }
    running.started(call, context);
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

  function keepDeclassified(rid: string, { value, as }: Declassified): void | Promise<void> {
    const context = running.declassifierOf(rid);
    if (context === undefined)
      throw new TypeError('the guard has another data flow, or the approval is of another tool');
    return inTurn(context, function* () {
      const memory = yield* memoryOf(context);
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
        const hasHistory = said.some(({ role }) => role === 'tool');
        const memory = yield* memoryOf(context, hasHistory);
        yield* hearing.turns(memory, said, speakerIn(context));
        return memory.view;
      }),
    starting: (call, context) => inTurn(context, () => startingOf(call, context)),
    observe: (call, context, sight) => inTurn(context, () => observed(call, context, sight)),
    ended({ rid, id }, context) {
      running.ended(rid);
      // What the conversation holds of it is the guard's own answer, or was observed.
      memories.know(keyOf(context), id);
    },
    prompt: (context, text, origin = 'prompt') =>
      inTurn(context, function* () {
        const memory = yield* memoryOf(context);
        if (origin === 'prompt') return yield* hearing.user(memory, text);
        yield* keep(memory, { value: text, observation: { origin }, read: false }, {});
      }),
    declassify: (guard, what) => runDeclassify(guard, what, holds(what, guard), keepDeclassified),
    end: (key) => queues.take(ownerText(key), () => memories.end(key)),
    get unmatchedLabels() {
      return unmatched.list;
    },
  };
}
