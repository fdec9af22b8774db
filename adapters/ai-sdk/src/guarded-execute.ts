import type { CallInput, Guard, GuardedTool, RequesterAnswer, ToolRun } from '@guardstile/core';

import { callInput, optionsOf, type SdkCall } from './call-input.ts';
import { resumes } from './conversation.ts';
import { type Demand, demanded } from './demand.ts';
import { drained, generated, isAsyncFunction, isAsyncGeneratorFunction } from './streaming.ts';
import { isHonoured, markHonoured } from './honoured.ts';
import type { ExecuteFunction, ToolShape } from './tool-shape.ts';
import type { UnknownApprovals } from './tool-spec.ts';

/** What a guarded tool runs once it may. */
export interface Body {
  /** Its `this`: methods of a class with private fields work on nothing else. */
  readonly self: ToolShape;
  readonly execute: ExecuteFunction;
  readonly demand: Demand | undefined;
}

/** A body and what stands before it. */
export interface Guarded {
  readonly guard: Guard;
  readonly tool: GuardedTool;
  readonly body: Body;
  readonly withSecrets: boolean;
  readonly unknownApprovals: UnknownApprovals;
  /** What another guard put there before. */
  readonly inner: Guarded | undefined;
}

/** An `execute` of the same shape that passes through the guard. */
export function guardedExecute(guarded: Guarded): ExecuteFunction {
  const { execute } = guarded.body;
  if (isAsyncGeneratorFunction(execute)) {
    return (input, given) => generated(() => run(guarded, { input, given }));
  }
  // A refusal of an async function is a rejection, never thrown at its caller.
  if (isAsyncFunction(execute)) return async (input, given) => run(guarded, { input, given });
  return (input, given) => drained((note) => run(guarded, { input, given, note }));
}

/** One call on its way to the body. */
interface Entry {
  readonly input: unknown;
  readonly given: unknown;
  /** Is told what the body answers, before anybody waits for it. */
  readonly note?: ((result: unknown) => void) | undefined;
}

function run(guarded: Guarded, entry: Entry): unknown {
  const asked = demanded(guarded.body.demand, entry.input, entry.given);
  if (typeof asked === 'boolean') return start(guarded, entry, asked);
  return asked.then((really) => start(guarded, entry, really));
}

function start(guarded: Guarded, entry: Entry, asked: boolean): unknown {
  const { guard, tool } = guarded;
  const options = optionsOf(entry.given);
  const call = callInput(guard, tool, entry.input, options, asked);
  if (call.answer !== undefined) return resume(guarded, entry, call, call.answer);
  // Resumed by an answer that is not one to this call: there has to be an approval all the same.
  const sent = resumes(options.messages) ? { ...call, answer: 'voted' as const } : call;
  return enter(guarded, sent, entry, false);
}

/** A call that the conversation claims an approval for. */
function resume(guarded: Guarded, entry: Entry, call: SdkCall, answer: RequesterAnswer): unknown {
  const { tool, unknownApprovals, inner } = guarded;
  const vote = () => tool.vote({ ...call, answer });
  // Without an approval to vote on, a claim runs nothing: `voted` is refused where there is none.
  const byVotes = (known: boolean) => enter(guarded, { ...call, answer: 'voted' }, entry, known);
  return counted(vote, (known) => {
    if (known) return byVotes(true);
    const { answer: _, ...unclaimed } = call;
    const freely = () => enter(guarded, unclaimed, entry, false);
    if (unknownApprovals === 'ignore' || isHonoured(entry.given)) return freely();
    if (inner === undefined) return byVotes(false);
    return openedBehind(inner, entry).then((behind) => (behind ? freely() : byVotes(false)));
  });
}

/** Whether the claimed approval is that of a guard behind this one, which will use it up. */
async function openedBehind({ guard, tool, inner }: Guarded, entry: Entry): Promise<boolean> {
  const call = callInput(guard, tool, entry.input, optionsOf(entry.given), true);
  const { approval } = await tool.open({ ...call, answer: call.answer ?? 'voted' });
  return approval !== undefined || (inner !== undefined && openedBehind(inner, entry));
}

/** Whether the vote counted; why it did not, the call itself finds out, and writes it down. */
function counted(vote: () => unknown, next: (known: boolean) => unknown): unknown {
  let voted: unknown;
  try {
    voted = vote();
  } catch {
    return next(false);
  }
  return voted instanceof Promise ? afterwards(voted, next) : next(true);
}

async function afterwards(
  voted: Promise<unknown>,
  next: (known: boolean) => unknown,
): Promise<unknown> {
  let known = true;
  try {
    await voted;
  } catch {
    known = false;
  }
  return next(known);
}

function enter(
  { tool, body, withSecrets, inner }: Guarded,
  call: CallInput,
  { given, note }: Entry,
  honoured: boolean,
): unknown {
  return tool.run(call, (args: unknown, started) => {
    const options = bodyOptions(given, started, withSecrets);
    const passed = honoured && inner !== undefined ? markHonoured(options) : options;
    const result: unknown = Reflect.apply(body.execute, body.self, [args, passed]);
    note?.(result);
    return result;
  });
}

/** The very same options, unless the guard limits the time of the body or hands it secrets. */
function bodyOptions(given: unknown, { signal, secrets }: ToolRun, withSecrets: boolean): unknown {
  const same = signal === optionsOf(given).abortSignal;
  if (same && !withSecrets) return given;
  return {
    ...optionsOf(given),
    ...(same ? {} : { abortSignal: signal }),
    ...(withSecrets ? { secrets } : {}),
  };
}
