import { guardOf, withGuard } from '@guardstile/langchain';
import { isGuard } from '@guardstile/core';
import { type BaseMessage, HumanMessage } from '@langchain/core/messages';
import type { Runnable } from '@langchain/core/runnables';
import type { AdapterHarness, AgentRun, CallOutcome, GuardArguments } from '../adapter/harness.ts';
import type { AnyTool, Engine, EngineInput, EngineOutput } from './engines.ts';
import { outcomesIn, plainMessage, unansweredIn } from './read-messages.ts';
import { ScriptedModel } from './scripted-model.ts';

/** LangChain, run by one of its engines. */
export function langchainHarness(engine: Engine): AdapterHarness<AnyTool[]> {
  return {
    name: `langchain, ${engine.name}`,
    capabilities: engine.capabilities,
    tools: (descriptions) => descriptions.map(engine.toolOf),
    guard: guarded,
    guardOf,
    names: (tools) => tools.map(({ name }) => name),
    async run(tools, steps, { signal, said = 'go on', after } = {}) {
      const before = after === undefined ? [] : (conversations.get(after) ?? []);
      const messages = [...before, new HumanMessage(said)];
      const model = new ScriptedModel(steps, messages);
      return runOf({ model, messages }, await engine.run({ model, tools, signal, messages }));
    },
    async call(tools, { tool: name, args }) {
      const called = tools.find((tool) => tool.name === name) as Runnable | undefined; // which every tool is
      const result: unknown = await called?.invoke(args);
      return result;
    },
  };
}

function guarded(tools: AnyTool[], ...[first, options]: GuardArguments): AnyTool[] {
  return isGuard(first)
    ? withGuard(tools, first, { facts: options?.facts ?? {} })
    : withGuard(tools, first, options);
}

/** All messages of a run, as an application would keep them. */
const conversations = new WeakMap<object, readonly BaseMessage[]>();

function runOf(
  given: Pick<EngineInput, 'model' | 'messages'>,
  output: EngineOutput,
): AgentRun<AnyTool[]> {
  const { model } = given;
  const { messages, previews, errors, resume } = output;
  const outcomes = [...outcomesIn(messages)].map(([id, outcome]): [string, CallOutcome] => [
    id,
    {
      ...outcome,
      previews: previews.get(id) ?? [],
      ...(errors.has(id) ? { error: errors.get(id) } : {}),
    },
  ]);
  const run: AgentRun<AnyTool[]> = {
    offered: model.heard.offered,
    transcript: model.heard.requests.map((request) => request.map(plainMessage)),
    outcomes: new Map(outcomes),
    waiting: resume === undefined ? [] : unansweredIn(messages),
    answer: resume === undefined ? messages.at(-1)?.text : undefined,
    async resume(tools, verdict) {
      if (resume === undefined) throw new Error('nothing waits');
      return runOf(given, await resume({ ...given, tools, signal: undefined }, verdict));
    },
  };
  conversations.set(run, messages);
  return run;
}
