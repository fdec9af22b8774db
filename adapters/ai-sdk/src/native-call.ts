import { fieldOf } from './field-of.ts';
import { validate } from './input-schema.ts';
import type { Message, ToolShape } from './tool-shape.ts';

/** What SDK 7 passes to `toolApproval`, as far as it is used here. */
export interface NativeCall {
  readonly toolCall: {
    readonly toolName: string;
    readonly toolCallId: string;
    readonly input: unknown;
    readonly providerExecuted?: boolean | undefined;
  };
  readonly tools?: unknown;
  readonly toolsContext?: unknown;
  readonly messages?: readonly Message[];
  readonly runtimeContext?: unknown;
}

/** The second argument of a tool's own `needsApproval`, as the SDK would pass it. */
export async function demandOptions(
  tool: ToolShape,
  { toolCall, messages, toolsContext }: NativeCall,
): Promise<object> {
  const context = await contextOf(tool, fieldOf(toolsContext, toolCall.toolName));
  return { toolCallId: toolCall.toolCallId, messages, context };
}

/** The tool's context as its schema makes it. */
export async function contextOf(tool: ToolShape | undefined, context: unknown): Promise<unknown> {
  if (tool?.contextSchema === undefined || tool.contextSchema === null) return context;
  const result = await validate(tool.contextSchema, context);
  if ('value' in result) return result.value;
  throw new Error(`its context is not what its contextSchema wants`);
}
