import { type Runnable, RunnableLambda } from '@langchain/core/runnables';
import { DynamicStructuredTool } from '@langchain/core/tools';
import * as z from 'zod';
import type { AnyTool, ToolKind } from './tool-kinds.ts';

/** One way from code to the body of a tool. */
export interface EntryPoint {
  readonly name: string;
  readonly run: (tool: AnyTool, args: ToolKind['args']) => Promise<unknown>;
}

type Method = (...given: unknown[]) => unknown;

const anyTool = (tool: AnyTool): Runnable => tool as Runnable; // which every tool is

/** Calls a member that is not there for every kind of tool, and for none in the types. */
async function member(tool: AnyTool, name: string, ...given: unknown[]): Promise<unknown> {
  const method = Reflect.get(tool, name) as Method | undefined;
  return drained(await method?.apply(tool, given));
}

/** A generator runs only as far as it is read. */
async function drained(value: unknown): Promise<unknown> {
  if (typeof value !== 'object' || value === null || !('next' in value)) return value;
  const generator = value as AsyncGenerator<unknown, unknown>; // the only ones that tools return
  let step = await generator.next();
  while (step.done !== true) step = await generator.next();
  return step.value;
}

async function read(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const chunk of stream) void chunk;
}

export function toolCall(args: ToolKind['args']) {
  const record = typeof args === 'string' ? { input: args } : { ...args };
  return { type: 'tool_call' as const, id: 'call-1', name: 'weather', args: record };
}

/** Every way that comes with `@langchain/core`. */
export const coreEntryPoints: readonly EntryPoint[] = [
  { name: '`invoke`', run: (tool, args) => anyTool(tool).invoke(args) },
  { name: '`invoke` of a call', run: (tool, args) => anyTool(tool).invoke(toolCall(args)) },
  { name: '`call`', run: (tool, args) => member(tool, 'call', args) },
  { name: '`batch`', run: (tool, args) => anyTool(tool).batch([args]) },
  { name: '`stream`', run: async (tool, args) => read(await anyTool(tool).stream(args)) },
  {
    name: '`streamEvents`',
    run: (tool, args) => read(anyTool(tool).streamEvents(args, { version: 'v2' })),
  },
  { name: '`_call`', run: (tool, args) => member(tool, '_call', args) },
  { name: '`func`', run: (tool, args) => member(tool, 'func', args) },
  {
    name: '`withConfig`',
    run: (tool, args) =>
      anyTool(tool)
        .withConfig({ tags: ['x'] })
        .invoke(args),
  },
  {
    name: '`withRetry`',
    run: (tool, args) => anyTool(tool).withRetry({ stopAfterAttempt: 1 }).invoke(args),
  },
  {
    name: '`pipe`',
    run: (tool, args) =>
      RunnableLambda.from((given: unknown) => given)
        .pipe(anyTool(tool))
        .pipe((result: unknown) => result)
        .invoke(args),
  },
  {
    name: '`asTool`',
    run: (tool, args) => anyTool(tool).asTool({ name: 'again', schema: z.any() }).invoke(args),
  },
  {
    name: 'a copy by `assign`',
    run: (tool, args) =>
      anyTool(
        Object.assign(Object.create(Object.getPrototypeOf(tool) as object) as AnyTool, tool),
      ).invoke(args),
  },
  {
    name: 'a copy by `new`',
    run: (tool, args) =>
      anyTool(new DynamicStructuredTool(Object.assign({}, tool) as never)).invoke(args), // whatever its fields are
  },
  {
    name: 'a copy from `lc_kwargs`',
    async run(tool, args) {
      const made = Reflect.construct(tool.constructor, [Reflect.get(tool, 'lc_kwargs')]) as AnyTool; // of its class
      const result: unknown = await anyTool(made).invoke(args);
      return result;
    },
  },
];
