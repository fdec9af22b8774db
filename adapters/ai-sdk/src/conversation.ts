import { isObject } from './field-of.ts';
import type { Message } from './tool-shape.ts';

/** What a conversation says of calls and of approvals. Claims, whoever made them. */
export interface Conversation {
  /**
   * Whether the SDK resumes calls with it before the model makes new ones. Which calls, its versions
   * find out in ways of their own: SDK 6 even finds what every object inherits, and so calls that
   * are in no message.
   */
  readonly resumes: boolean;
  /** Ids of the calls in it that have no result. */
  readonly unanswered: ReadonlySet<string>;
  /** What the last message says of approvals, by call: the SDK resumes calls by nothing else. */
  readonly claims: ReadonlyMap<string, Claim>;
}

/** An answer to an approval. */
export interface Claim {
  readonly approved: boolean;
  readonly reason: string | undefined;
}

interface Part {
  readonly type?: unknown;
  readonly approvalId?: unknown;
  readonly approved?: unknown;
  readonly toolCallId?: unknown;
  readonly reason?: unknown;
  readonly providerExecuted?: unknown;
}

interface Known extends Conversation {
  readonly length: number;
  readonly last: unknown;
}

const EMPTY: Conversation = { resumes: false, unanswered: new Set(), claims: new Map() };
const conversations = new WeakMap<readonly unknown[], Known>();

/**
 * Reads a conversation once for all the calls in it: a client decides how long it is, and how many
 * approvals it claims.
 */
export function conversationOf(messages: readonly Message[] | undefined): Conversation {
  if (!Array.isArray(messages)) return EMPTY;
  const list: readonly unknown[] = messages;
  const { length } = list;
  const last = list.at(-1);
  const before = conversations.get(list);
  if (before?.length === length && before.last === last) return before;
  const known = { ...read(list), length, last };
  conversations.set(list, known);
  return known;
}

/** Whether the SDK may be resuming calls with this conversation; seldom, and cheap to see. */
export function resumes(messages: readonly Message[] | undefined): boolean {
  if (!Array.isArray(messages) || roleOf(messages.at(-1)) !== 'tool') return false;
  // Once it has been read there is no need to look through the message for every call.
  const mayBe = conversations.has(messages) || partsOf(messages.at(-1)).some(isResponse);
  return mayBe && conversationOf(messages).resumes;
}

function read(messages: readonly unknown[]): Conversation {
  const responses = responsesIn(messages.at(-1));
  const asked = new Map<string, string[]>();
  const unanswered = new Set<string>();
  const elsewhere = new Map<string, boolean>();
  for (const message of messages) {
    for (const { type, toolCallId, approvalId, providerExecuted } of partsOf(message)) {
      const call = keyOf(toolCallId);
      if (type === 'tool-call') {
        unanswered.add(call);
        elsewhere.set(call, elsewhere.get(call) !== false && Boolean(providerExecuted));
      }
      if (type === 'tool-result') unanswered.delete(call);
      if (type === 'tool-approval-request') remember(asked, keyOf(approvalId), call);
    }
  }
  const claims = new Map<string, Claim>();
  const results = resultsIn(messages.at(-1));
  for (const [approval, claim] of responses) {
    for (const call of asked.get(approval) ?? []) {
      if (!claims.has(call) && !results.has(call)) claims.set(call, claim);
    }
  }
  // A call with a result beside the answer is not resumed any more, one of the provider never here.
  const isOver = (call: string): boolean => results.has(call) || elsewhere.get(call) === true;
  const open = [...responses.keys()].some(
    (approval) => asked.get(approval)?.every(isOver) !== true,
  );
  return { resumes: open, unanswered, claims };
}

function remember(asked: Map<string, string[]>, approval: string, call: string): void {
  const calls = asked.get(approval);
  if (calls === undefined) asked.set(approval, [call]);
  else calls.push(call);
}

/** The first answer to each approval, as the SDK takes it. */
function responsesIn(last: unknown): ReadonlyMap<string, Claim> {
  const responses = new Map<string, Claim>();
  if (roleOf(last) !== 'tool') return responses;
  for (const part of partsOf(last)) {
    const id = keyOf(part.approvalId);
    if (!isResponse(part) || responses.has(id)) continue;
    const { approved, reason } = part;
    responses.set(id, {
      approved: approved === true,
      reason: typeof reason === 'string' ? reason : undefined,
    });
  }
  return responses;
}

function resultsIn(last: unknown): ReadonlySet<string> {
  const results = partsOf(last).filter(({ type }) => type === 'tool-result');
  return new Set(results.map(({ toolCallId }) => keyOf(toolCallId)));
}

function isResponse({ type }: Part): boolean {
  return type === 'tool-approval-response';
}

/** The SDK compares roles loosely, so that `['tool']` is one too. */
function roleOf(message: unknown): string {
  return keyOf(isObject(message) ? (message as Message).role : undefined);
}

function partsOf(message: unknown): readonly Part[] {
  const content = isObject(message) ? (message as Message).content : undefined;
  return Array.isArray(content) ? (content as unknown[]).filter(isObject) : [];
}

/** What the SDK finds under no id at all, it finds under this one. */
export function keyOf(id: unknown): string {
  return idOf(id) ?? 'undefined';
}

/**
 * The id as the SDK looks it up: whatever a client sent is a key of an object there, so that a
 * number and its text are the same.
 */
export function idOf(id: unknown): string | undefined {
  if (typeof id === 'string' || id === undefined) return id;
  try {
    return Object.keys({ [id as string]: true })[0]; // as the SDK does it
  } catch {
    return undefined; // nor can it be a key there
  }
}
