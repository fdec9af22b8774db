import type { ModelMessage } from 'ai';
import type { ScriptedModel, Settings } from '../conformance/ai-sdk/sdk.ts';
import { unansweredIn } from '../conformance/ai-sdk/read-messages.ts';
import type { Face, UiMessage, UiStreamed } from './face.ts';
import { fieldsOf, settle } from './fields-of.ts';
import type { Setting } from './situation.ts';

/** One run with everything that the caller passes. */
export interface Run {
  readonly sdk: Face;
  readonly setting: Setting;
  readonly model: ScriptedModel;
  readonly signal: AbortSignal;
}

/** A way to run the SDK and everything that it gives back. */
export interface Way {
  readonly name: string;
  readonly observe: (run: Run) => Promise<unknown>;
}

export const ways: readonly Way[] = [
  {
    name: 'generateText',
    observe: (run) =>
      conversation(run, async (settings) => fieldsOf(await run.sdk.generateText(settings))),
  },
  {
    name: 'streamText, its events and text',
    observe: (run) => conversation(run, (settings) => eventsOf(run.sdk.streamText(settings))),
  },
  { name: 'streamText, its UI messages', observe: uiMessages },
  {
    name: 'streamText, its response',
    async observe(run) {
      const result = run.sdk.streamText(settingsOf(run)) as UiStreamed;
      const response = result.toUIMessageStreamResponse({ onError: String });
      const { status, headers } = response;
      const text = await response.text();
      return { status, headers: [...headers], events: text.split('\n').map(eventOf) };
    },
  },
  {
    name: 'the agent, whole',
    observe: (run) =>
      conversation(run, async ({ messages, abortSignal, ...settings }) => {
        const agent = run.sdk.agent(settings);
        return fieldsOf(await agent.generate({ messages, abortSignal }));
      }),
  },
  {
    name: 'the agent, streamed',
    observe: (run) =>
      conversation(run, async ({ messages, abortSignal, ...settings }) => {
        const agent = run.sdk.agent(settings);
        return eventsOf(await agent.stream({ messages, abortSignal }));
      }),
  },
];

const USER: ModelMessage = { role: 'user', content: 'go on' };

function settingsOf({ setting, model, signal, sdk }: Run) {
  const { tools, messages = [USER], settings = {} } = setting;
  return {
    stopWhen: sdk.stopAfter(9),
    onError: () => undefined,
    maxRetries: 0,
    ...settings,
    model,
    tools,
    messages,
    abortSignal: signal,
  } satisfies Settings;
}

/** Runs, and runs again after a person has answered what the SDK asks. */
async function conversation(
  run: Run,
  once: (settings: ReturnType<typeof settingsOf>) => Promise<Fields>,
): Promise<unknown> {
  const settings = settingsOf(run);
  const first = await settle(once(settings));
  const { answer } = run.setting;
  if (answer === undefined || 'error' in first) return first;
  const messages = [...settings.messages, ...messagesOf(first.value)];
  const content = [...unansweredIn(messages).values()].map((approvalId) => ({
    type: 'tool-approval-response' as const,
    approvalId,
    approved: answer === 'approve',
    reason: 'a person said so',
  }));
  const second = await settle(
    once({ ...settings, messages: [...messages, { role: 'tool', content }] }),
  );
  return [first, second];
}

type Fields = Readonly<Record<string, unknown>>;

function messagesOf({ responseMessages, response }: Fields): readonly ModelMessage[] {
  const own = response as { readonly messages?: readonly ModelMessage[] };
  return (responseMessages as readonly ModelMessage[] | undefined) ?? own.messages ?? [];
}

async function eventsOf(result: object): Promise<Fields> {
  const { fullStream, textStream } = result as UiStreamed;
  const [events, texts] = await Promise.all([collect(fullStream), settle(collect(textStream))]);
  return { ...(await fieldsOf(result)), events, texts };
}

/** Chunk by chunk, what a page makes of them, and what goes to the model of that. */
async function uiMessages(run: Run): Promise<unknown> {
  const { sdk } = run;
  const { tools, answer } = run.setting;
  const settings = settingsOf(run);
  const rounds: unknown[] = [];
  let messages: UiMessage[] = [
    {
      id: 'first',
      role: 'user',
      parts: [{ type: 'text', text: 'go on' } as UiMessage['parts'][number]],
    },
  ];
  let sent: readonly ModelMessage[] = settings.messages;
  for (;;) {
    const result = sdk.streamText({ ...settings, messages: sent }) as UiStreamed;
    const chunks = await collect(
      result.toUIMessageStream({ originalMessages: messages, onError: String }),
    );
    const last = messages.at(-1);
    const read = await collect(
      sdk.readUIMessageStream({
        stream: ReadableStream.from(chunks.map((chunk) => structuredClone(chunk))),
        ...(last?.role === 'assistant' ? { message: structuredClone(last) } : {}),
        onError: () => undefined,
      }),
    );
    const message = read.at(-1);
    if (message !== undefined) {
      messages = [...messages.filter(({ role }) => role === 'user'), message];
    }
    const valid = await settle(Promise.resolve(sdk.validateUIMessages({ messages, tools })));
    rounds.push({ chunks, message, valid });
    const answered = answer === undefined ? undefined : answeredBy(messages, answer);
    const converted = await settle(
      Promise.resolve(sdk.convertToModelMessages(answered ?? messages, { tools })),
    );
    rounds.push(converted);
    if (answered === undefined || 'error' in converted) return rounds;
    messages = answered;
    sent = converted.value as readonly ModelMessage[]; // what the SDK converted for itself
  }
}

/** The messages after a click on each open approval; `undefined` when there is none. */
function answeredBy(
  messages: readonly UiMessage[],
  answer: 'approve' | 'deny',
): UiMessage[] | undefined {
  const open = messages.some(({ parts }) => parts.some(({ state }) => state === ASKED));
  if (!open) return undefined;
  return messages.map((message) => ({
    ...message,
    parts: message.parts.map((part) =>
      part.state === ASKED
        ? {
            ...part,
            state: 'approval-responded',
            approval: { ...part.approval, approved: answer === 'approve' },
          }
        : part,
    ),
  }));
}

const ASKED = 'approval-requested';

async function collect<T>(all: AsyncIterable<T>): Promise<readonly T[]> {
  const parts: T[] = [];
  for await (const part of all) parts.push(part);
  return parts;
}

/** A line of the response; its data as data, so that ids in it can be told. */
function eventOf(line: string): unknown {
  return line.startsWith('data: {') ? (JSON.parse(line.slice('data: '.length)) as unknown) : line;
}
