import { type Approval, type CallInput, digest, type Guard, isGuardError } from '@guardstile/core';

import { callInput } from './call-input.ts';
import { type GraphTask, graphTask } from './graph-task.ts';
import { interruptAnswer } from './interrupt-answer.ts';
import { interruptAsk } from './interrupt-ask.ts';
import { interruptPayload } from './interrupt-payload.ts';
import { APPROVE, readAnswer, voteOf } from './interrupt-vote.ts';
import type { Known } from './known-tool.ts';
import { editedArgs } from './middleware-edit.ts';
import { parseInput } from './parse-input.ts';
import { hasRunOut } from './ran-out.ts';
import type { ToolConfig } from './tool-shape.ts';

/** A call of the model that waits to be made. */
export interface PendingCall {
  readonly id?: string | undefined;
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

type Args = PendingCall['args'];

/** What asking ahead needs of the agent. */
export interface Asking {
  readonly guard: Guard;
  readonly config: ToolConfig | undefined;
  readonly interrupt: (value: unknown) => unknown;
  readonly known: (name: string) => Known | undefined;
}

/** What came of asking ahead, by call. */
export interface Ahead {
  /** Arguments that a person edited. */
  readonly edits: ReadonlyMap<PendingCall, Args>;
  /** What the model reads of calls that are not made any more, since nobody answered in time. */
  readonly expired: ReadonlyMap<PendingCall, string>;
}

/**
 * Asks about the calls that a model made before any of them starts, one after the other. Votes go
 * to the guard, which decides when the calls are made.
 */
export async function askAhead(
  calls: readonly PendingCall[],
  { guard, config, interrupt, known }: Asking,
): Promise<Ahead> {
  const edits = new Map<PendingCall, Args>();
  const expired = new Map<PendingCall, string>();
  const task = graphTask(config, interrupt);
  // Each tool then refuses for itself, and says why.
  if (guard.canAsk || typeof task === 'string') return { edits, expired };
  for (const call of calls) {
    const tool = known(call.name);
    if (tool === undefined || !mayAsk(tool, call)) continue;
    const late = await expiredReason(tool, call, config, task);
    if (late !== undefined) expired.set(call, late);
    const edited = late === undefined ? await askFor(tool, call, config, task) : undefined;
    if (edited !== undefined) edits.set(call, edited);
  }
  return { edits, expired };
}

function mayAsk({ tool }: Known, { id }: PendingCall): boolean {
  const fixed = tool.fixed()?.effect;
  return id !== undefined && fixed !== 'deny' && fixed !== 'allow';
}

/** What the graph stopped for here, another step would ask about anew; so it is denied, and logged, here. */
async function expiredReason(
  known: Known,
  call: PendingCall,
  config: ToolConfig | undefined,
  task: GraphTask,
): Promise<string | undefined> {
  const input = await inputOf(known, call, call.args, config);
  if (input === undefined || !(await hasRunOut(known.tool, input, task))) return undefined;
  const { decision } = await known.tool.open({ ...input, answer: 'voted' }, { final: true });
  return `${call.name}: ${decision.reason}`;
}

async function askFor(
  known: Known,
  call: PendingCall,
  config: ToolConfig | undefined,
  task: GraphTask,
): Promise<Args | undefined> {
  const opened = await open(known, call, call.args, config);
  if (opened.approval !== undefined) return vote(known, call, config, task, opened);
  return opened.denial === undefined ? undefined : earlierEdit(known, call, config, task, opened);
}

interface OpenCall {
  readonly input: CallInput | undefined;
  readonly approval: Approval | undefined;
  /** What a person denied it with, if one did. */
  readonly denial: string | undefined;
}

/** With what the call that was edited is denied. Names the edit, so that it is found again. */
function editNote(args: Args): string {
  return `it was edited; what it became is ${digest('args', args)}`;
}

async function inputOf(
  { guard, original, options }: Known,
  { id }: PendingCall,
  args: Args,
  config: ToolConfig | undefined,
): Promise<CallInput | undefined> {
  let parsed: unknown;
  try {
    parsed = await parseInput(original, args);
  } catch {
    // The tool will answer to arguments that do not fit.
    return undefined;
  }
  return callInput(guard, { args: parsed, config, id }, options.context);
}

async function open(
  known: Known,
  call: PendingCall,
  args: Args,
  config: ToolConfig | undefined,
): Promise<OpenCall> {
  const input = await inputOf(known, call, args, config);
  if (input === undefined) return { input, approval: undefined, denial: undefined };
  const { decision, approval } = await known.tool.open(input);
  const denied = decision.effect === 'deny' && decision.code === 'approval_denied';
  return { input, approval, denial: denied ? decision.reason : undefined };
}

async function vote(
  known: Known,
  call: PendingCall,
  config: ToolConfig | undefined,
  task: GraphTask,
  { input, approval: first }: OpenCall,
): Promise<Args | undefined> {
  if (input === undefined) return undefined;
  let approval = first;
  try {
    while (approval?.state === 'pending') {
      const payload = interruptPayload(approval, { edits: true });
      const answer = readAnswer(await interruptAsk(task, payload), approval.aid);
      if (answer.kind === 'edit') {
        const { args, requirements } = approval;
        const edited = editedArgs(call, answer, { args, editable: requirements.editable });
        const note = edited.ok ? editNote(edited.args) : edited.note;
        await known.tool.vote({ ...input, answer: { ...voteOf(answer), note } });
        return edited.ok ? await approveEdited(known, call, edited.args, config, task) : undefined;
      }
      approval = await known.tool.vote({ ...input, answer: voteOf(answer) });
    }
  } catch (error) {
    // Denied, expired or used meanwhile: the call itself is refused for it.
    if (!isGuardError(error)) throw error;
  }
  return undefined;
}

/** Whoever edited a call approves what it became; others may have to as well. */
async function approveEdited(
  known: Known,
  call: PendingCall,
  args: Args,
  config: ToolConfig | undefined,
  task: GraphTask,
): Promise<Args> {
  const { input, approval } = await open(known, call, args, config);
  if (input === undefined || approval?.state !== 'pending') return args;
  const voted = await known.tool.vote({ ...input, answer: APPROVE });
  const again = { input, approval: voted, denial: undefined };
  return (await vote(known, { ...call, args }, config, task, again)) ?? args;
}

/**
 * The edit of an earlier run of this step, which began anew for another ask. What the graph keeps of
 * it is only a claim, which the guard's denial of the original confirms.
 */
async function earlierEdit(
  known: Known,
  call: PendingCall,
  config: ToolConfig | undefined,
  task: GraphTask,
  { input, denial }: OpenCall,
): Promise<Args | undefined> {
  for (const value of task.scratchpad.resume) {
    const answer = interruptAnswer(value, '');
    if (answer.kind !== 'edit') continue;
    const edited = editedArgs(call, answer, { args: input?.args });
    if (!edited.ok || denial?.includes(editNote(edited.args)) !== true) continue;
    const again = await open(known, call, edited.args, config);
    return (await vote(known, { ...call, args: edited.args }, config, task, again)) ?? edited.args;
  }
  return undefined;
}
