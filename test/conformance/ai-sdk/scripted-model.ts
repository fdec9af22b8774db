import type { MockLanguageModelV4 } from 'ai/test';
import type { ScriptedCall } from '../adapter/harness.ts';
import type { ModelStep, StreamedPart } from './sdk.ts';
import { modelV4 } from './v7.ts';

/** What the scripted model says when it has made all its calls. */
export const LAST_WORDS = 'done';

const WORDS: readonly StreamedPart[] = [
  { type: 'text-start', id: 'words' },
  { type: 'text-delta', id: 'words', delta: LAST_WORDS },
  { type: 'text-end', id: 'words' },
];

/** A model that makes the given calls, step by step, and then answers. Streams too. */
export function scriptedModel(steps: ReadonlyArray<readonly ScriptedCall[]>): MockLanguageModelV4 {
  return modelV4(stepsOf(steps));
}

/** The steps of such a model, for whatever version. */
export function stepsOf(steps: ReadonlyArray<readonly ScriptedCall[]>): () => ModelStep {
  let next = 0;
  return () => {
    const calls = (steps[next] ?? []).map(({ id, tool, args }) => ({
      type: 'tool-call' as const,
      toolCallId: id,
      toolName: tool,
      input: JSON.stringify(args),
    }));
    next += 1;
    return calls.length === 0
      ? { content: [{ type: 'text', text: LAST_WORDS }], streamed: [...WORDS] }
      : { content: calls, streamed: [...calls] };
  };
}
