import type { ModelStep, Said, StreamedPart } from '../conformance/ai-sdk/sdk.ts';

/** A call that the scripted model makes; `raw` instead of `args` is what no JSON could say. */
export interface Call {
  readonly tool: string;
  readonly id?: string;
  readonly args?: unknown;
  readonly raw?: string;
}

/** One message of the model: texts and calls. Streamed, the input of a call comes in two pieces. */
export function says(...parts: ReadonlyArray<string | Call>): ModelStep {
  const all = parts.map((part, index) => said(part, `part-${index}`));
  return {
    content: all.map(({ whole }) => whole),
    streamed: all.flatMap(({ streamed }) => streamed),
  };
}

function said(part: string | Call, id: string): { whole: Said; streamed: StreamedPart[] } {
  if (typeof part === 'string') {
    const streamed: StreamedPart[] = [
      { type: 'text-start', id },
      ...part.split(/(?= )/).map((delta) => ({ type: 'text-delta' as const, id, delta })),
      { type: 'text-end', id },
    ];
    return { whole: { type: 'text', text: part }, streamed };
  }
  const { tool, id: toolCallId = tool, args = { city: 'Bern' } } = part;
  const input = part.raw ?? JSON.stringify(args);
  const whole = { type: 'tool-call' as const, toolCallId, toolName: tool, input };
  const middle = Math.ceil(input.length / 2);
  return {
    whole,
    streamed: [
      { type: 'tool-input-start', id: toolCallId, toolName: tool },
      { type: 'tool-input-delta', id: toolCallId, delta: input.slice(0, middle) },
      { type: 'tool-input-delta', id: toolCallId, delta: input.slice(middle) },
      { type: 'tool-input-end', id: toolCallId },
      whole,
    ],
  };
}
