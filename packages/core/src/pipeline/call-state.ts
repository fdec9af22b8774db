import type { Approval } from '../approvals/approval.ts';
import type { AuditDraft } from '../audit/entry.ts';
import type { CallContext, ToolCall } from '../call.ts';
import { type Digest, digest } from '../digest.ts';
import { GuardError } from '../errors.ts';
import type { EventBase } from '../events.ts';
import type { Parts } from '../guard-options.ts';
import { mintId } from '../ids.ts';
import type { SessionKey } from '../labels.ts';
import type { CallInput, RegisteredTool } from '../tool.ts';
import { createWaiting, type Waiting } from '../waiting.ts';

/** Everything that is known of one request for a tool call while it is under way. */
export interface CallState {
  readonly parts: Parts;
  readonly tool: RegisteredTool;
  readonly input: CallInput;
  readonly context: CallContext;
  readonly waiting: Waiting;
  rid: string;
  /** The call as everybody sees it. Set by step 1, replaced by steps 2 and 3. */
  call: ToolCall;
  /** What the tool will receive, out of everybody's reach; the same as `call.confined`. */
  held: unknown;
  /** The policy at the time of the decision. */
  policy: Digest;
  /** The approval that an answer of the framework belongs to. */
  resumed: Approval | undefined;
  /** Why a step failed, for the `cause` of the error. */
  failure: unknown;
  /** Whether the body has started. */
  started: boolean;
  digested: { readonly of: unknown; readonly digest: Digest } | undefined;
  redacted: { readonly of: unknown; readonly copy: unknown } | undefined;
}

export function callState(parts: Parts, tool: RegisteredTool, input: CallInput, context: CallContext): CallState {
  const rid = mintId('rid');
  const call: ToolCall = {
    rid,
    id: input.id ?? rid,
    tool: tool.info.identity,
    facts: tool.info.facts,
    args: undefined,
    confined: undefined,
    labels: NO_LABELS,
  };
  return {
    parts,
    tool,
    input,
    context,
    waiting: context.signal === undefined ? PATIENT : createWaiting(context.signal, abortedError),
    rid,
    call,
    held: undefined,
    policy: parts.policy.digest(context),
    resumed: undefined,
    failure: undefined,
    started: false,
    digested: undefined,
    redacted: undefined,
  };
}

const NO_LABELS: readonly string[] = Object.freeze([]);

/** Waits that no abort ends: for what has to be written whatever becomes of the call. */
export const PATIENT: Waiting = createWaiting(undefined, () => undefined);

export function abortedError(signal: AbortSignal): GuardError {
  return new GuardError('aborted', 'the call was aborted before the tool started', {
    cause: signal.reason,
  });
}

/** Digest of exactly the arguments that will run. */
export function argsDigest(state: CallState): Digest {
  const { confined } = state.call;
  if (state.digested === undefined || state.digested.of !== confined) {
    state.digested = { of: confined, digest: digest('args', confined) };
  }
  return state.digested.digest;
}

/** The redacted copy of the arguments that logs and listeners get. */
export function storedArgs(state: CallState, args: unknown = state.call.confined): unknown {
  if (state.redacted === undefined || state.redacted.of !== args) {
    state.redacted = { of: args, copy: state.parts.redactor.stored(args) };
  }
  return state.redacted.copy;
}

/** Whose session it is. */
export function sessionOf({ principal, session }: CallContext): SessionKey {
  return { tenant: principal?.tenant, principal: principal?.id, session };
}

interface Who {
  readonly user?: string;
  readonly tenant?: string;
  readonly session?: string;
  readonly agent?: string;
}

const known = new WeakMap<CallContext, Who>();

/** The fields of a context that entries and events carry. */
export function whoOf(context: CallContext): Who {
  let who = known.get(context);
  if (who === undefined) {
    const { principal, session, agent } = context;
    who = {
      ...(principal === undefined ? {} : { user: principal.id }),
      ...(principal?.tenant === undefined ? {} : { tenant: principal.tenant }),
      ...(session === undefined ? {} : { session }),
      ...(agent === undefined ? {} : { agent }),
    };
    known.set(context, who);
  }
  return who;
}

/** What every event of the call says. */
export function eventBase(state: CallState): EventBase {
  return { at: Date.now(), rid: state.rid, tool: state.call.tool, ...whoOf(state.context) };
}

/** What every entry of the call says. */
export function entryBase(state: CallState): Omit<AuditDraft, 'kind' | 'action'> {
  const { call, context } = state;
  const { source, name, digest: toolDigest } = call.tool;
  return {
    actor: 'guard',
    rid: state.rid,
    call: call.id,
    source,
    tool: name,
    ...(toolDigest === undefined ? {} : { toolDigest }),
    ...(context.parent === undefined ? {} : { parent: context.parent }),
    ...whoOf(context),
  };
}
