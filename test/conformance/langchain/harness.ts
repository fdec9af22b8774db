import { guardOf, withGuard } from '@guardstile/langchain';
import { isGuard } from '@guardstile/core';
import type { Runnable } from '@langchain/core/runnables';
import type { AdapterHarness, AgentRun, CallOutcome, GuardArguments } from '../adapter/harness.ts';
import type { AnyTool, Engine, EngineOutput } from './engines.ts';
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
    async run(tools, steps, { signal } = {}) {
      const model = new ScriptedModel(steps);
      return runOf(model, await engine.run({ model, tools, signal }));
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

function runOf(model: ScriptedModel, output: EngineOutput): AgentRun<AnyTool[]> {
  const { messages, previews, errors, resume } = output;
  const outcomes = [...outcomesIn(messages)].map(([id, outcome]): [string, CallOutcome] => [
    id,
    {
      ...outcome,
      previews: previews.get(id) ?? [],
      ...(errors.has(id) ? { error: errors.get(id) } : {}),
    },
  ]);
  return {
    offered: model.heard.offered,
    transcript: model.heard.requests.map((request) => request.map(plainMessage)),
    outcomes: new Map(outcomes),
    waiting: resume === undefined ? [] : unansweredIn(messages),
    answer: resume === undefined ? messages.at(-1)?.text : undefined,
    async resume(tools, verdict) {
      if (resume === undefined) throw new Error('nothing waits');
      return runOf(model, await resume({ model, tools, signal: undefined }, verdict));
    },
  };
}
