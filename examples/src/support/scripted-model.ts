import type { LanguageModel } from 'ai';
import { convertArrayToReadableStream, MockLanguageModelV4 } from 'ai/test';

/** What the model does in one turn: it calls a tool, or it says something and is done. */
export type Turn = { readonly tool: string; readonly args: object } | string;

/** A turn, or what the model makes of the results that it has seen so far. */
export type ScriptedTurn = Turn | ((results: readonly ToolResult[]) => Turn);

/** The conversation since the person last said something. */
export interface Exchange {
  readonly question: string;
  readonly results: readonly ToolResult[];
}

/** What a tool answered, as the model reads it. */
export interface ToolResult {
  readonly tool: string;
  readonly text: string;
  /** Whether the tool answered; otherwise `text` says why it did not. */
  readonly ok: boolean;
}

type Generate = MockLanguageModelV4['doGenerate'];
type Prompt = Parameters<Generate>[0]['prompt'];
type Answer = Awaited<ReturnType<Generate>>;
type Streamed = Awaited<ReturnType<MockLanguageModelV4['doStream']>>['stream'];
type StreamPart = Streamed extends ReadableStream<infer Part> ? Part : never;

/**
 * Stands in for a provider's model, so that the examples need no key: it plays its turns one after
 * another. Everything around it is the real AI SDK.
 */
export function scriptedModel(turns: readonly ScriptedTurn[]): LanguageModel {
  return modelOf((prompt) => {
    const turn = turns[turnsIn(prompt)] ?? 'I have nothing more to say.';
    return typeof turn === 'function' ? turn(resultsIn(prompt)) : turn;
  });
}

/** The same for a conversation of any length: answers whatever a person says. */
export function answeringModel(answer: (exchange: Exchange) => Turn): LanguageModel {
  return modelOf((prompt) => {
    const asked = prompt.findLastIndex((message) => message.role === 'user');
    return answer({ question: textIn(prompt[asked]), results: resultsIn(prompt.slice(asked + 1)) });
  });
}

function modelOf(turnFor: (prompt: Prompt) => Turn): LanguageModel {
  const answer = (prompt: Prompt): Answer => answerOf(turnFor(prompt), turnsIn(prompt));
  return new MockLanguageModelV4({
    provider: 'guardstile',
    modelId: 'scripted',
    doGenerate: async ({ prompt }) => answer(prompt),
    doStream: async ({ prompt }) => ({
      stream: convertArrayToReadableStream(streamOf(answer(prompt))),
    }),
  });
}

/** The conversation says which turn it is, so that one model serves any number of them at once. */
function turnsIn(prompt: Prompt): number {
  return prompt.filter((message) => message.role === 'assistant').length;
}

function streamOf({ content, finishReason, usage, warnings }: Answer): StreamPart[] {
  return [
    { type: 'stream-start', warnings },
    ...content.flatMap((part, index): StreamPart[] => {
      if (part.type === 'tool-call') return [part];
      if (part.type !== 'text') return [];
      const id = `text-${index + 1}`;
      return [
        { type: 'text-start', id },
        { type: 'text-delta', id, delta: part.text },
        { type: 'text-end', id },
      ];
    }),
    { type: 'finish', finishReason, usage },
  ];
}

function answerOf(turn: Turn, index: number): Answer {
  const usage: Answer['usage'] = {
    inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 1, text: 1, reasoning: 0 },
  };
  if (typeof turn === 'string') {
    const finishReason = { unified: 'stop', raw: 'stop' } as const;
    return { content: [{ type: 'text', text: turn }], finishReason, usage, warnings: [] };
  }
  return {
    content: [
      {
        type: 'tool-call',
        toolCallId: `call-${index + 1}`,
        toolName: turn.tool,
        input: JSON.stringify(turn.args),
      },
    ],
    finishReason: { unified: 'tool-calls', raw: 'tool_calls' },
    usage,
    warnings: [],
  };
}

function textIn(message: Prompt[number] | undefined): string {
  if (message?.role !== 'user') return '';
  return message.content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function resultsIn(prompt: Prompt): readonly ToolResult[] {
  return prompt.flatMap((message) =>
    message.role !== 'tool'
      ? []
      : message.content.flatMap((part) =>
          part.type === 'tool-result' ? [{ tool: part.toolName, ...read(part.output) }] : [],
        ),
  );
}

type Output = Extract<
  Extract<Prompt[number], { readonly role: 'tool' }>['content'][number],
  { readonly type: 'tool-result' }
>['output'];

function read(output: Output): Pick<ToolResult, 'text' | 'ok'> {
  switch (output.type) {
    case 'text':
      return { ok: true, text: output.value };
    case 'error-text':
      return { ok: false, text: output.value };
    case 'execution-denied':
      return { ok: false, text: output.reason ?? 'denied' };
    default:
      return { ok: output.type !== 'error-json', text: JSON.stringify(output.value) };
  }
}
