import type { ModelMessage, ToolSet } from 'ai';
import type { ScriptedModel, Settings, Streamed } from '../conformance/ai-sdk/sdk.ts';
import type { Face, UiStreamed } from '../transparency/face.ts';
import { askedIn, askedInUI, type Claim, messagesOf, uiMessagesOf, type Wire } from './claim.ts';

/** One request of a client to a server. */
export interface Request {
  readonly model: ScriptedModel;
  readonly tools: object;
  /** What the server passes to the SDK beside those. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the client claims; without any it starts a conversation. */
  readonly claims: readonly Claim[];
  /** How many characters of conversation come before. */
  readonly before: number;
  /** What else the client does to the messages of the model. */
  readonly mangle: (messages: Wire) => Wire;
}

/** What came back. */
export interface Response {
  readonly asked: readonly Claim[];
  readonly text: string;
}

/** One of the SDK's ways to run a model with tools. */
export interface Run {
  readonly name: string;
  /** Rejects when the whole run ends with an error. */
  start(sdk: Face, request: Request): Promise<Response>;
}

const generateText: Run = {
  name: 'generateText',
  async start(sdk, request) {
    const { text, responseMessages, response } = await sdk.generateText(settingsOf(sdk, request));
    return { text, asked: askedIn(responseMessages ?? response.messages ?? []) };
  },
};

const streamText: Run = {
  name: 'streamText',
  start: (sdk, request) => streamed(sdk.streamText({ ...settingsOf(sdk, request), onError })),
};

const agentGenerate: Run = {
  name: 'agent.generate',
  async start(sdk, request) {
    const { messages, ...settings } = settingsOf(sdk, request);
    const agent = sdk.agent(settings);
    const { text, responseMessages, response } = await agent.generate({ messages });
    return { text, asked: askedIn(responseMessages ?? response.messages ?? []) };
  },
};

const agentStream: Run = {
  name: 'agent.stream',
  async start(sdk, request) {
    const { messages, ...settings } = settingsOf(sdk, request);
    return streamed(await sdk.agent({ ...settings, onError }).stream({ messages }));
  },
};

/** A route handler as the SDK documents it, and what its client makes of the stream. */
const useChat: Run = {
  name: 'useChat',
  async start(sdk, request) {
    const { tools } = request;
    const posted = { messages: postedBy(request), tools };
    const messages = (await sdk.validateUIMessages(posted)) as object[]; // that is what it checks
    const died: unknown[] = [];
    const result = sdk.streamText({
      ...settingsOf(sdk, request),
      messages: (await sdk.convertToModelMessages(messages, { tools })) as ModelMessage[], // so it says
      onError: ({ error }: { readonly error: unknown }) => died.push(error),
    }) as UiStreamed; // in every version it is one too
    const stream = result.toUIMessageStream({ originalMessages: messages });
    const asked =
      request.claims.length > 0 ? await drained(stream) : await askedThrough(sdk, stream);
    if (died.length > 0) throw died[0];
    return { text: await result.text, asked };
  },
};

export const RUNS: readonly Run[] = [generateText, streamText, agentGenerate, agentStream, useChat];

const MOST_STEPS = 4;

/** Messages of the model, as the client claims them. */
function settingsOf(
  sdk: Face,
  { model, tools, settings, claims, before, mangle }: Request,
): Settings & { readonly messages: readonly ModelMessage[] } {
  const filler = { role: 'user', content: 'x'.repeat(before) };
  const messages = claims.length === 0 ? messagesOf(claims).slice(0, 1) : messagesOf(claims);
  return {
    ...settings,
    model,
    tools: tools as ToolSet, // of whatever version
    // Nobody has checked what a client posts.
    messages: mangle(before === 0 ? messages : [filler, ...messages]) as readonly ModelMessage[],
    stopWhen: sdk.stopAfter(MOST_STEPS),
  };
}

/** Messages of the user interface, as the client claims them. */
function postedBy({ claims, before }: Request): Wire {
  const filler = { id: 'm0', role: 'user', parts: [{ type: 'text', text: 'x'.repeat(before) }] };
  const messages = claims.length === 0 ? uiMessagesOf(claims).slice(0, 1) : uiMessagesOf(claims);
  return before === 0 ? messages : [filler, ...messages];
}

/** What a client is asked by the stream of an answer. */
async function askedThrough(
  { readUIMessageStream }: Face,
  stream: AsyncIterable<unknown>,
): Promise<readonly Claim[]> {
  let message: unknown;
  for await (const now of readUIMessageStream({ stream })) message = now;
  return askedInUI(message);
}

async function drained(stream: AsyncIterable<unknown>): Promise<readonly Claim[]> {
  for await (const _ of stream) void _;
  return [];
}

async function streamed(result: Streamed): Promise<Response> {
  for await (const part of result.fullStream) {
    if (part.type === 'error') throw part.error;
  }
  const messages = (await result.responseMessages) ?? (await result.response).messages ?? [];
  return { text: await result.text, asked: askedIn(messages) };
}

/** Errors are read from the stream; without this the SDK prints them too. */
function onError(): void {}
