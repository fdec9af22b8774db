import { jsonSchema, tool, type ToolSet } from 'ai';
import type { Suite } from './data.ts';

/** What the body of a tool does: it is told which tool it is, its arguments and the call's id. */
export type Body = (name: string, args: unknown, callId: string) => Promise<unknown>;

/** The tools of a suite with the schemas of the data set, all with the same body. */
export function recordedTools({ tools }: Suite, body: Body): ToolSet {
  return Object.fromEntries(
    tools.map(({ name, description, params }) => [
      name,
      tool({
        description,
        // Without a validator: calls that break their own schema were recorded too, and reach the
        // guard like any other.
        inputSchema: jsonSchema(params),
        execute: (args, { toolCallId }) => body(name, args, toolCallId),
      }),
    ]),
  );
}
