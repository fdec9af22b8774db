import type { ToolConfig } from './tool-shape.ts';

/** A model's call as it is given to a tool instead of plain arguments. */
export interface ToolCallInput {
  readonly type: 'tool_call';
  readonly id?: unknown;
  readonly args: unknown;
}

/** Recognised as LangChain recognises it. */
export function isToolCallInput(input: unknown): input is ToolCallInput {
  return (
    typeof input === 'object' && input !== null && 'type' in input && input.type === 'tool_call'
  );
}

/** The id that the answer to a call needs, from where LangChain has it. */
export function idOf(
  tool: string,
  input: unknown,
  config: ToolConfig | undefined,
): string | undefined {
  return (isToolCallInput(input) ? textOr(input.id) : undefined) ?? callIdOf(config, tool);
}

/** The id of the model's call, unless the config is an outer tool's, which has another call's id. */
export function callIdOf(config: ToolConfig | undefined, tool: string): string | undefined {
  const call = config?.toolCall;
  if (typeof call !== 'object' || call === null || call.name !== tool) return undefined;
  return textOr(call.id);
}

function textOr(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
