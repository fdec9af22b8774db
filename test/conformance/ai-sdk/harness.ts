import { guardOf, withGuard } from '@guardstile/ai-sdk';
import { isGuard } from '@guardstile/core';
import { type ModelMessage, tool, type ToolSet } from 'ai';
import type {
  AdapterHarness,
  AgentRun,
  CallOutcome,
  GuardArguments,
  NeutralTool,
  RunOptions,
} from '../adapter/harness.ts';
import type { Engine, EngineOutput } from './engines.ts';
import { seenIn, toolNamesIn, unansweredIn } from './read-messages.ts';
import { stepsOf } from './scripted-model.ts';
import type { ScriptedModel } from './sdk.ts';

/** The AI SDK, run by one of its engines. */
export function aiSdkHarness(engine: Engine): AdapterHarness<ToolSet> {
  return {
    name: `ai-sdk, ${engine.name}`,
    capabilities: engine.capabilities,
    tools: (descriptions) =>
      Object.fromEntries(descriptions.map((described) => [described.name, toolOf(described)])),
    guard: guarded,
    guardOf,
    names: (tools) => Object.keys(tools),
    run(tools, steps, options = {}) {
      const { said = 'go on', after } = options;
      const model = engine.sdk.modelOf(stepsOf(steps));
      const before = after === undefined ? [] : (conversations.get(after) ?? []);
      return runFrom(engine, model, tools, [...before, { role: 'user', content: said }], options);
    },
    async call(tools, { id, tool: name, args }) {
      // A tool of a set may have any input, which its own schema has checked in a run.
      const input = args as never;
      const result: unknown = tools[name]?.execute?.(input, {
        toolCallId: id,
        messages: [],
        context: undefined,
      });
      return result;
    },
  };
}

function guarded(tools: ToolSet, ...[first, options]: GuardArguments): ToolSet {
  return isGuard(first) ? withGuard(tools, first, options) : withGuard(tools, first, options);
}

interface GivenOptions {
  readonly abortSignal?: AbortSignal | undefined;
}

function toolOf({ description, schema, run, stream }: NeutralTool): ToolSet[string] {
  const body = stream ?? run;
  return tool({
    description,
    inputSchema: schema,
    ...(stream === undefined
      ? { execute: (args: unknown, given: GivenOptions) => body?.(args, signalOf(given)) }
      : {
          async *execute(args: unknown, given: GivenOptions) {
            return yield* stream(args, signalOf(given));
          },
        }),
  });
}

function signalOf({ abortSignal }: GivenOptions) {
  return { signal: abortSignal };
}

/** All messages of a run that has ended, as an application would keep them. */
const conversations = new WeakMap<object, readonly ModelMessage[]>();

async function runFrom(
  engine: Engine,
  model: ScriptedModel,
  tools: ToolSet,
  messages: ModelMessage[],
  { signal }: RunOptions,
): Promise<AgentRun<ToolSet>> {
  const output = await engine.run({
    model,
    tools,
    messages,
    ...(signal === undefined ? {} : { abortSignal: signal }),
  });
  const all = [...messages, ...output.responseMessages];
  const open = unansweredIn(all);
  const calls = [...model.doGenerateCalls, ...model.doStreamCalls];
  const run: AgentRun<ToolSet> = {
    offered: calls[0]?.tools,
    transcript: calls.map(({ prompt }) => prompt.map(inCallOrder)),
    outcomes: outcomesOf(all, output),
    waiting: [...open.keys()],
    answer: open.size === 0 ? output.text : undefined,
    resume: (others, verdict) =>
      runFrom(engine, model, others, [...all, responsesTo([...open.values()], verdict)], {}),
  };
  conversations.set(run, all);
  return run;
}

/** Streams of ai 5 hold the results of a step in the order in which its calls happened to end. */
function inCallOrder<M extends { readonly role: string; readonly content: unknown }>(
  message: M,
): M {
  if (message.role !== 'tool') return message;
  const parts = message.content as ReadonlyArray<{ readonly toolCallId?: string }>; // in every version
  const idOf = (part: (typeof parts)[number]) => part.toolCallId ?? '';
  return { ...message, content: parts.toSorted((a, b) => idOf(a).localeCompare(idOf(b))) };
}

function responsesTo(approvalIds: readonly string[], verdict: 'approve' | 'deny'): ModelMessage {
  return {
    role: 'tool',
    content: approvalIds.map((approvalId) => ({
      type: 'tool-approval-response',
      approvalId,
      approved: verdict === 'approve',
    })),
  };
}

function outcomesOf(
  messages: readonly ModelMessage[],
  { previews, steps }: EngineOutput,
): ReadonlyMap<string, CallOutcome> {
  const names = toolNamesIn(messages);
  const ends = new Map(
    steps
      .flatMap(({ content }) => content)
      .map((part) => [`${part.type} ${part.toolCallId}`, part] as const),
  );
  const outcomes = new Map<string, CallOutcome>();
  for (const [id, seen] of seenIn(messages)) {
    const result = ends.get(`tool-result ${id}`);
    const error = ends.get(`tool-error ${id}`);
    outcomes.set(id, {
      id,
      tool: names.get(id) ?? '',
      previews: previews.get(id) ?? [],
      seen,
      ...(result === undefined ? {} : { result: result.output }),
      ...(error === undefined ? {} : { error: error.error }),
    });
  }
  return outcomes;
}
