import type { Turn } from '@guardstile/core';

import { dataOf, itemsOf } from './data-of.ts';
import { isMedia } from './shown-content.ts';

/** Blocks that a model writes itself. Whatever else its answer holds was put there by the provider. */
const WRITTEN: ReadonlySet<unknown> = new Set([
  'text',
  'reasoning',
  'reasoning_content',
  'thinking',
  'redacted_thinking',
  'refusal',
  'tool_use',
  'tool_call',
  'tool_call_chunk',
  'invalid_tool_call',
  'input_json_delta',
  'function_call',
  'server_tool_use',
  'server_tool_call',
  'server_tool_call_chunk',
  'mcp_tool_use',
]);

/** Where providers say what a text of the model cites. */
const CITED = ['annotations', 'citations'] as const;

/** Where blocks of different providers name the call that they answer. */
const CALL_IDS = ['toolCallId', 'tool_call_id', 'tool_use_id', 'id'] as const;

/** What tools returned that the provider of a model has run, from the model's answer. */
export function providerTurns(message: object, content: unknown, noCall: string): readonly Turn[] {
  // Read as the provider has them: what LangChain translates them to leaves some of it out.
  const outputs = itemsOf(dataOf(dataOf(message, 'additional_kwargs'), 'tool_outputs'));
  return [...itemsOf(content).flatMap(foundIn), ...outputs].map((value) => {
    const tool = dataOf(value, 'name');
    const call = CALL_IDS.map((name) => dataOf(value, name)).find((id) => typeof id === 'string');
    return {
      role: 'tool',
      call: typeof call === 'string' && call !== '' ? call : noCall,
      value,
      ...(typeof tool === 'string' ? { tool } : {}),
    };
  });
}

function foundIn(block: unknown): readonly unknown[] {
  if (typeof block === 'string' || isMedia(block)) return [];
  if (!WRITTEN.has(dataOf(block, 'type'))) return [block];
  return CITED.flatMap((name) => itemsOf(dataOf(block, name)));
}
