import { AsyncLocalStorage } from 'node:async_hooks';
import type { ToolSet } from 'ai';
import type { Protect } from './situation.ts';

type Execute = (this: unknown, input: unknown, options: GivenOptions) => unknown;

interface GivenOptions {
  readonly abortSignal?: AbortSignal | undefined;
  readonly [other: string]: unknown;
}

/** A wrapper that is not invisible, and a situation in which that has to be noticed. */
export interface Mutant {
  readonly name: string;
  readonly situation: string;
  readonly protect: Protect;
}

function eachTool(change: (tool: object) => object): Protect {
  return <T extends ToolSet>(tools: T): T =>
    Object.fromEntries(Object.entries(tools).map(([name, tool]) => [name, change(tool)])) as T;
}

/** Tools with another `execute` around their own, and nothing else changed. */
function around(change: (execute: Execute) => Execute): Protect {
  return eachTool((tool) => {
    const { execute } = tool as { execute?: Execute };
    if (execute === undefined) return tool;
    const outer = change((input, options) => execute.call(tool, input, options));
    return { ...tool, execute: outer };
  });
}

function without(key: string): Protect {
  return eachTool((tool) =>
    Object.fromEntries(Object.entries(tool).filter(([name]) => name !== key)),
  );
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

/** Calls in the context in which nothing runs yet. */
const outside = AsyncLocalStorage.snapshot();

/** Seen in runs of the SDK. */
export const mutants: readonly Mutant[] = [
  {
    name: 'adds a preliminary part',
    situation: 'a result that is a value',
    protect: around(
      (execute) =>
        async function* (input, options) {
          yield await execute(input, options);
        },
    ),
  },
  {
    name: 'reads streams to their end',
    situation: 'a generator with previews',
    protect: around((execute) => async (input, options) => {
      const result = execute(input, options);
      if (!isStream(result)) return result;
      let last: unknown;
      for await (const value of result) last = value;
      return last;
    }),
  },
  {
    name: 'returns the promise of a stream',
    situation: 'a generator with previews',
    protect: around((execute) => async (input, options) => execute(input, options)),
  },
  {
    name: 'yields one value twice',
    situation: 'a generator with previews',
    protect: around(
      (execute) =>
        async function* (input, options) {
          const result = execute(input, options);
          if (!isStream(result)) return;
          for await (const value of result) {
            yield value;
            yield value;
          }
        },
    ),
  },
  {
    name: "changes an error's class",
    situation: 'a body that throws an error of its own class',
    protect: around((execute) => async (input, options) => {
      try {
        return await execute(input, options);
      } catch (error) {
        throw new Error(error instanceof Error ? error.message : 'unknown', { cause: error });
      }
    }),
  },
  {
    name: 'throws a copy of the error',
    situation: 'a body that throws an error of its own class',
    protect: around((execute) => async (input, options) => {
      try {
        return await execute(input, options);
      } catch (error) {
        const copy = Object.create(Object.getPrototypeOf(error) as object) as object;
        throw Object.defineProperties(copy, Object.getOwnPropertyDescriptors(error)) as Error;
      }
    }),
  },
  {
    name: 'makes errors of what is none',
    situation: 'a body that rejects with an object',
    protect: around((execute) => async (input, options) => {
      try {
        return await execute(input, options);
      } catch (error) {
        throw error instanceof Error ? error : new Error(JSON.stringify(error));
      }
    }),
  },
  {
    name: 'answers with the error',
    situation: 'a body that rejects with a text',
    protect: around((execute) => async (input, options) => {
      try {
        return await execute(input, options);
      } catch (error) {
        return String(error);
      }
    }),
  },
  {
    name: 'copies results',
    situation: 'the very object that the body returned',
    protect: around(
      (execute) => async (input, options) => structuredClone(await execute(input, options)),
    ),
  },
  {
    name: 'passes results through JSON',
    situation: 'a result that is not JSON',
    protect: around(
      (execute) => async (input, options) =>
        JSON.parse(JSON.stringify(await execute(input, options))) as unknown,
    ),
  },
  {
    name: 'replaces undefined by null',
    situation: 'a result that is undefined',
    protect: around((execute) => async (input, options) => (await execute(input, options)) ?? null),
  },
  {
    name: 'loses what a body is called on',
    situation: 'a result that is a value',
    protect: eachTool((tool) => {
      const { execute } = tool as { execute: Execute };
      return {
        ...tool,
        execute: (...given: Parameters<Execute>) => execute.call(undefined, ...given),
      };
    }),
  },
  {
    name: 'loses the signal',
    situation: 'a result that is a value',
    protect: around(
      (execute) => (input, options) => execute(input, { ...options, abortSignal: undefined }),
    ),
  },
  {
    name: 'passes a signal of its own',
    situation: 'an abort during a tool that ends with it for a reason',
    protect: around((execute) => (input, options) => {
      const own = new AbortController();
      options.abortSignal?.addEventListener('abort', () => own.abort(), { once: true });
      return execute(input, { ...options, abortSignal: own.signal });
    }),
  },
  {
    name: 'leaves a listener on the signal',
    situation: 'a result that is a value',
    protect: around((execute) => (input, options) => {
      options.abortSignal?.addEventListener('abort', () => undefined);
      return execute(input, options);
    }),
  },
  {
    name: 'passes no messages',
    situation: 'a result that is a value',
    protect: around((execute) => (input, options) => execute(input, { ...options, messages: [] })),
  },
  {
    name: 'passes an option more',
    situation: 'a result that is a value',
    protect: around((execute) => (input, options) => execute(input, { ...options, guard: true })),
  },
  {
    name: 'loses the context of the run',
    situation: 'a tool with a context of the run',
    protect: around(
      (execute) =>
        (input, { toolCallId, messages, abortSignal }) =>
          execute(input, { toolCallId, messages, abortSignal }),
    ),
  },
  {
    name: 'loses the asynchronous context',
    situation: 'bodies in the asynchronous context of the run',
    protect: around((execute) => (input, options) => outside(execute, input, options)),
  },
  {
    name: 'runs a body twice',
    situation: 'a result that is a value',
    protect: around((execute) => async (input, options) => {
      await execute(input, options);
      return execute(input, options);
    }),
  },
  {
    name: 'changes the input',
    situation: 'a schema that transforms',
    protect: around(
      (execute) => (input, options) =>
        execute(JSON.parse(JSON.stringify(input)) as unknown, options),
    ),
  },
  { name: 'loses toModelOutput', situation: 'toModelOutput', protect: without('toModelOutput') },
  {
    name: 'loses a callback of the input',
    situation: 'callbacks of the input',
    protect: without('onInputAvailable'),
  },
  {
    name: 'loses the description',
    situation: 'a result that is a value',
    protect: without('description'),
  },
  {
    name: 'turns the order of tools round',
    situation: 'a text beside a call, and several steps',
    protect: <T extends ToolSet>(tools: T): T =>
      Object.fromEntries(Object.entries(tools).toReversed()) as T,
  },
];

/** Where tools can ask for approval. */
export const approvalMutants: readonly Mutant[] = [
  {
    name: 'asks where nobody did',
    situation: 'a result that is a value',
    protect: eachTool((tool) => ({ ...tool, needsApproval: true })),
  },
  {
    name: 'switches off what a tool demands',
    situation: 'a tool that needs approval and gets it',
    protect: without('needsApproval'),
  },
];

/** Seen on the tools themselves only: the SDK makes the same of both. */
export const shapeMutants: readonly Mutant[] = [
  {
    name: 'returns a promise where a value was',
    situation: 'a result that is a value',
    protect: around((execute) => async (input, options) => execute(input, options)),
  },
  {
    name: 'rejects where something was thrown',
    situation: 'a body that throws a text',
    protect: around((execute) => async (input, options) => execute(input, options)),
  },
  {
    name: "drops a generator's return value",
    situation: 'a generator that returns a value',
    protect: around(
      (execute) =>
        async function* (input, options) {
          const result = execute(input, options);
          if (isStream(result)) for await (const value of result) yield value;
        },
    ),
  },
  {
    name: 'marks tools',
    situation: 'a result that is a value',
    protect: eachTool((tool) => ({ ...tool, guarded: true })),
  },
  {
    name: 'hides a property',
    situation: 'a result that is a value',
    protect: eachTool((tool) =>
      Object.defineProperty({ ...tool }, 'description', { enumerable: false }),
    ),
  },
];
