import { withGuard } from '@guardstile/ai-sdk';
import * as node from '@guardstile/ai-sdk/node';
import { isStepCount, type LanguageModel, tool, ToolLoopAgent } from 'ai';

import { scriptedModel } from '../support/scripted-model.ts';
import type { DemoAgent, DemoFramework, Setting } from './framework.ts';
import { chooseModel, type Provider } from './model.ts';
import { script } from './script.ts';
import { type DemoTool, toolSecrets } from './tools.ts';

export const aiSdk: DemoFramework = { words: 'an AI SDK agent', node, agent };

const made = { make: (maker, id) => maker(id) } satisfies Partial<Provider<LanguageModel>>;

const PROVIDERS: readonly Provider<LanguageModel>[] = [
  { key: 'OPENAI_API_KEY', module: '@ai-sdk/openai', maker: 'openai', id: 'gpt-5-mini', ...made },
  {
    key: 'ANTHROPIC_API_KEY',
    module: '@ai-sdk/anthropic',
    maker: 'anthropic',
    id: 'claude-haiku-4-5',
    ...made,
  },
  { key: 'AI_GATEWAY_API_KEY', module: 'ai', maker: 'gateway', id: 'openai/gpt-5-mini', ...made },
];

async function agent({ guard, tools }: Setting): Promise<DemoAgent> {
  const { model, name } = await chooseModel(PROVIDERS, () => scriptedModel(script));
  const guarded = withGuard(
    {
      readFile: ofAiSdk(tools.readFile),
      getOrder: ofAiSdk(tools.getOrder),
      runCode: ofAiSdk(tools.runCode),
      refund: ofAiSdk(tools.refund),
      writeFile: ofAiSdk(tools.writeFile),
    },
    guard,
    { toolSecrets },
  );
  // One call at a time, so that nobody has to answer two questions at once.
  const stopWhen = isStepCount(16);
  const loop = new ToolLoopAgent({ model, tools: guarded, stopWhen, toolCallConcurrency: 1 });
  return {
    model: name,
    async work(prompt, abortSignal) {
      const { text, responseMessages } = await loop.generate({ prompt, abortSignal });
      return { text, seen: JSON.stringify(responseMessages) };
    },
  };
}

/** An ordinary tool of the AI SDK. */
function ofAiSdk<Args>({ description, schema, run }: DemoTool<Args>) {
  return tool<Args, unknown, Record<string, unknown>>({
    description,
    inputSchema: schema,
    execute: run,
  });
}
