import type { ToolSet } from 'ai';
import * as z from 'zod';
import type { World } from '../situation.ts';

export const City = z.object({ city: z.string() });

type Execute = (args: { readonly city: string }, options: GivenOptions) => unknown;

/** What every version passes to a body. */
export interface GivenOptions {
  readonly toolCallId: string;
  readonly abortSignal?: AbortSignal;
}

/** A tool that takes a city. What else it has comes on top. */
export function cityTool(execute: Execute | undefined, more: object = {}): ToolSet[string] {
  const own = {
    description: 'About a city',
    inputSchema: City,
    ...(execute === undefined ? {} : { execute }),
    ...more,
  };
  return own;
}

/** A tool that writes down everything it gets. */
export function loggingTool(
  { log }: World,
  body: Execute = ({ city }) => `sunny in ${city}`,
  more: object = {},
): ToolSet[string] {
  const own: ToolSet[string] = cityTool(function (this: unknown, args, options) {
    log('body', args, options, this === own);
    return body(args, options);
  }, more);
  return own;
}
