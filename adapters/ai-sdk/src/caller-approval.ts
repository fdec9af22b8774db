import { fieldOf } from './field-of.ts';
import { messageOf } from './message-of.ts';
import { contextOf, type NativeCall } from './native-call.ts';
import type { ToolShape } from './tool-shape.ts';

/** What the application's own `toolApproval` says of one call. */
export interface CallerVerdict {
  readonly type: 'not-applicable' | 'approved' | 'denied' | 'user-approval';
  readonly reason?: string | undefined;
}

const TYPES = ['not-applicable', 'approved', 'denied', 'user-approval'] as const;
const NOTHING: CallerVerdict = { type: 'not-applicable' };

/**
 * The application's own answer, asked for as the SDK does: of a function for all tools, or of an
 * answer or a function per tool. One that fails, or that the SDK would not understand, denies.
 */
export async function callerVerdict(
  toolApproval: unknown,
  tool: ToolShape | undefined,
  call: NativeCall,
): Promise<CallerVerdict> {
  if (toolApproval === undefined || toolApproval === null) return NOTHING;
  try {
    return read(await answerOf(toolApproval, tool, call));
  } catch (error) {
    return { type: 'denied', reason: `toolApproval failed: ${messageOf(error)}` };
  }
}

async function answerOf(
  toolApproval: unknown,
  tool: ToolShape | undefined,
  call: NativeCall,
): Promise<unknown> {
  if (typeof toolApproval === 'function') return Reflect.apply(toolApproval, undefined, [call]);
  const { toolName, toolCallId, input } = call.toolCall;
  const own = fieldOf(toolApproval, toolName);
  if (typeof own !== 'function') return own;
  const { messages, runtimeContext, toolsContext } = call;
  const toolContext = await contextOf(tool, fieldOf(toolsContext, toolName));
  return Reflect.apply(own, undefined, [
    input,
    { toolCallId, messages, toolContext, runtimeContext },
  ]);
}

function read(answer: unknown): CallerVerdict {
  if (answer === undefined || answer === null) return NOTHING;
  const fields = typeof answer === 'string' ? { type: answer } : answer;
  const type = TYPES.find((known) => known === fieldOf(fields, 'type'));
  if (type === undefined) {
    return { type: 'denied', reason: 'toolApproval answered something that is not understood' };
  }
  const reason = fieldOf(fields, 'reason');
  return typeof reason === 'string' ? { type, reason } : { type };
}
