import type { Approval, EditedArgs } from '../approvals/approval.ts';
import type { Grant } from '../approvals/grant.ts';
import type { AuditDraft } from '../audit/entry.ts';
import type { CallContext, ToolCall } from '../call.ts';
import type { DenyDecision } from '../decision.ts';
import { type Digest, digest } from '../digest.ts';
import { GuardError } from '../errors.ts';
import type { EventBase } from '../events.ts';
import type { Parts } from '../guard-options.ts';
import { mintId } from '../ids.ts';
import type { SessionKey } from '../labels.ts';
import { messageOf } from '../message-of.ts';
import { ownFields } from '../own-fields.ts';
import { isPlainRecord } from '../plain-record.ts';
import { snapshot } from '../snapshot.ts';
import type { CallInput, RegisteredTool } from '../tool.ts';
import { createWaiting, type Waiting } from '../waiting.ts';

/** What a caller asked for. Every field is there, so that none is read from a polluted prototype. */
export interface Received {
  readonly args: unknown;
  readonly id: string | undefined;
  readonly turns: NonNullable<CallInput['turns']>;
  readonly demands: NonNullable<CallInput['demands']>;
  readonly answer: CallInput['answer'];
  readonly parsed: boolean;
  readonly approval: string | undefined;
}

/** Everything that is known of one request for a tool call while it is under way. */
export interface CallState {
  readonly parts: Parts;
  readonly tool: RegisteredTool;
  readonly input: Received;
  readonly context: CallContext;
  readonly waiting: Waiting;
  rid: string;
  /** The arguments before any rewrite: what the framework will come back with. */
  received: unknown;
  /**
   * The call as it is decided on. Set by step 1, replaced by steps 2 and 3. Others are shown
   * {@link viewOf} it, never this.
   */
  call: ToolCall;
  /** Whether `call` holds objects that freezing does not protect. */
  thawed: boolean;
  /** The policy at the time of the decision. */
  policy: Digest;
  /** The approval that an answer of the framework belongs to. */
  resumed: Approval | undefined;
  /** What a person changed in the arguments, and what they were. */
  edited: (EditedArgs & { readonly asked: unknown }) | undefined;
  /** The standing grant that answers the ask. */
  grant: Grant | undefined;
  /** Why a step failed, for the `cause` of the error. */
  failure: unknown;
  /** The decision that denies the call, where there is one. */
  denial: DenyDecision | undefined;
  /** Whether the call is over and its approval stays open: that is no denial. */
  suspended: boolean;
  /** Whether the allow is recorded: what comes after it is an outcome, not a denial. */
  admitted: boolean;
  digested: { readonly of: unknown; readonly digest: Digest } | undefined;
  redacted: { readonly of: unknown; readonly copy: unknown } | undefined;
}

export function callState(
  parts: Parts,
  tool: RegisteredTool,
  input: CallInput,
  context: CallContext,
): CallState {
  const rid = mintId('rid');
  const received = receivedOf(input);
  return {
    parts,
    tool,
    input: received,
    context,
    waiting: context.signal === undefined ? PATIENT : createWaiting(context.signal, abortedError),
    rid,
    received: undefined,
    call: {
      rid,
      id: received.id ?? rid,
      tool: tool.info.identity,
      facts: tool.info.facts,
      args: undefined,
      confined: undefined,
      labels: NO_LABELS,
    },
    thawed: false,
    policy: NO_POLICY,
    resumed: undefined,
    edited: undefined,
    grant: undefined,
    failure: undefined,
    denial: undefined,
    suspended: false,
    admitted: false,
    digested: undefined,
    redacted: undefined,
  };
}

const NO_LABELS: readonly string[] = Object.freeze([]);
const noTurns: Received['turns'] = () => [];
const NO_DEMANDS: Received['demands'] = Object.freeze([]);
const NO_POLICY: Digest = `sha256:${'0'.repeat(64)}`;

function receivedOf(input: CallInput): Received {
  const own = <Field extends keyof CallInput>(field: Field): CallInput[Field] | undefined =>
    Object.hasOwn(input, field) ? input[field] : undefined;
  const answer = own('answer');
  return {
    args: own('args'),
    id: own('id'),
    turns: own('turns') ?? noTurns,
    demands: own('demands') ?? NO_DEMANDS,
    answer: typeof answer === 'object' ? (ownFields(answer) as unknown as typeof answer) : answer, // the same fields
    parsed: own('parsed') === true,
    approval: own('approval'),
  };
}

/** The call for somebody outside: frozen, with copies of their own of what can be changed all the same. */
export function viewOf(state: CallState): ToolCall {
  const { call, thawed, parts } = state;
  if (!thawed) return call;
  const args = snapshot(call.args, parts.argumentLimits).value;
  const same = call.confined === call.args;
  const confined = same ? args : snapshot(call.confined, parts.argumentLimits).value;
  return Object.freeze({ ...call, args, confined });
}

/** Waits that no abort ends: for what has to be written whatever becomes of the call. */
export const PATIENT: Waiting = createWaiting(undefined, () => undefined);

export function abortedError(signal: AbortSignal): GuardError {
  return new GuardError('aborted', 'the call was aborted before the tool started', {
    cause: signal.reason,
  });
}

/** Digest of what the policy says now. */
export function currentPolicy({ parts, context }: CallState): Digest {
  try {
    const current: unknown = parts.policy.digest(context);
    if (typeof current === 'string' && current.startsWith('sha256:')) return current as Digest; // looked at
    throw new Error('it answered no digest');
  } catch (cause) {
    throw new GuardError(
      'policy_error',
      `the policy "${parts.policy.name}" cannot say which it is (${messageOf(cause)}); mend the policy`,
      { cause },
    );
  }
}

/** Digest of exactly the arguments that will run. */
export function argsDigest(state: CallState): Digest {
  const { confined } = state.call;
  if (state.digested === undefined || state.digested.of !== confined) {
    state.digested = { of: confined, digest: digestOf(state, confined) };
  }
  return state.digested.digest;
}

/** Digest of what consent is bound to in arguments of this tool. */
export function digestOf({ tool }: CallState, args: unknown): Digest {
  if (tool.cosmetic.length === 0 || !isPlainRecord(args)) return digest('args', args);
  const bound = Object.entries(args).filter(([name]) => !tool.cosmetic.includes(name));
  return digest('args', Object.fromEntries(bound));
}

/** The redacted copy of the arguments that logs and listeners get. */
export function storedArgs(state: CallState): unknown {
  const { confined } = state.call;
  if (state.redacted === undefined || state.redacted.of !== confined) {
    state.redacted = { of: confined, copy: state.parts.redactor.stored(confined) };
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
  const { id, tool } = state.call;
  return { at: Date.now(), rid: state.rid, call: id, tool, ...whoOf(state.context) };
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
