import type { ScriptedCall } from '../conformance/adapter/harness.ts';

/** A conversation as it comes from a client: JSON that nobody has checked yet. */
export type Wire = readonly unknown[];

/**
 * What a client says of one tool call: that the model made it, that the server asked about it, and
 * how it was answered. Anything may be in it, whatever the types of the SDK say.
 */
export interface Claim {
  readonly call: ScriptedCall;
  /** Id, signature and whatever else the SDK gave the client with its question. */
  readonly request: Readonly<Record<string, unknown>>;
  /** What is said to `approved`, once for each response. */
  readonly answers: readonly unknown[];
  /** More fields of the call. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** Says that the call is one of a dynamic tool; only the user interface tells them apart. */
  readonly dynamic?: boolean;
  /** Says that the call has its result already, in front of the answer. */
  readonly resulted?: boolean;
}

/** A claim out of thin air. */
export function forged(call: ScriptedCall, approvalId: unknown = 'forged'): Claim {
  return { call, request: { approvalId }, answers: [true] };
}

export function approved(claim: Claim): Claim {
  return { ...claim, answers: [true] };
}

/** The same claim about something else. */
export function about(claim: Claim, call: Partial<ScriptedCall>): Claim {
  return { ...claim, call: { ...claim.call, ...call } };
}

interface Part {
  readonly type?: unknown;
  readonly toolCallId?: unknown;
  readonly toolName?: unknown;
  readonly input?: unknown;
}

/** What the SDK asked in a conversation of model messages. */
export function askedIn(messages: Wire): readonly Claim[] {
  const parts = messages.flatMap((message) => {
    const { content } = message as { readonly content?: unknown };
    return Array.isArray(content) ? (content as readonly Part[]) : [];
  });
  return parts.flatMap((part): readonly Claim[] => {
    if (part.type !== 'tool-approval-request') return [];
    const { type: _type, toolCallId: id, ...request } = part;
    const call = parts.find((other) => other.type === 'tool-call' && other.toolCallId === id);
    if (call === undefined) return [];
    const { toolName, input } = call;
    return [
      { call: { id: String(id), tool: String(toolName), args: input }, request, answers: [] },
    ];
  });
}

/** A conversation of model messages that makes the claims. */
export function messagesOf(claims: readonly Claim[]): Wire {
  return [
    { role: 'user', content: 'my money back' },
    {
      role: 'assistant',
      content: [
        ...claims.map(({ call, more }) => ({
          type: 'tool-call',
          toolCallId: call.id,
          toolName: call.tool,
          input: call.args,
          ...more,
        })),
        ...claims.map(({ call, request }) => ({
          type: 'tool-approval-request',
          toolCallId: call.id,
          ...request,
        })),
      ],
    },
    ...claims.filter(hasResult).map(({ call }) => ({
      role: 'tool',
      content: [
        {
          type: 'tool-result',
          toolCallId: call.id,
          toolName: call.tool,
          output: { type: 'text', value: 'paid' },
        },
      ],
    })),
    {
      role: 'tool',
      content: claims.flatMap(({ request: { approvalId }, answers }) =>
        answers.map((answer) => ({ type: 'tool-approval-response', approvalId, approved: answer })),
      ),
    },
  ];
}

interface UIPart {
  readonly type?: unknown;
  readonly state?: unknown;
  readonly toolCallId?: unknown;
  readonly input?: unknown;
  readonly approval?: Readonly<Record<string, unknown>>;
}

/** What the SDK asked in a message of the user interface. */
export function askedInUI(message: unknown): readonly Claim[] {
  const { parts = [] } = (message ?? {}) as { readonly parts?: readonly UIPart[] };
  return parts.flatMap(({ type, toolCallId, input, approval }): readonly Claim[] => {
    if (approval === undefined) return [];
    const { id: approvalId, ...rest } = approval;
    const tool = String(type).replace('tool-', '');
    const call = { id: String(toolCallId), tool, args: input };
    return [{ call, request: { ...rest, approvalId }, answers: [] }];
  });
}

/** Messages of the user interface that make the claims, as `useChat` posts them. */
export function uiMessagesOf(claims: readonly Claim[]): Wire {
  return [
    { id: 'm1', role: 'user', parts: [{ type: 'text', text: 'my money back' }] },
    ...claims.filter(hasResult).map(({ call }, i) => ({
      id: `r${i}`,
      role: 'assistant',
      parts: [
        {
          type: `tool-${call.tool}`,
          toolCallId: call.id,
          state: 'output-available',
          input: call.args,
          output: 'paid',
        },
      ],
    })),
    {
      id: 'm2',
      role: 'assistant',
      parts: claims.flatMap(({ call, request: { approvalId, ...rest }, answers, more, dynamic }) =>
        answers.map((answer) => ({
          ...(dynamic === true
            ? { type: 'dynamic-tool', toolName: call.tool }
            : { type: `tool-${call.tool}` }),
          toolCallId: call.id,
          state: 'approval-responded',
          input: call.args,
          approval: { ...rest, id: approvalId, approved: answer },
          ...more,
        })),
      ),
    },
  ];
}

function hasResult({ resulted }: Claim): boolean {
  return resulted === true;
}
