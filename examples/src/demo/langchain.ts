import { withGuard } from '@guardstile/langchain';
import * as node from '@guardstile/langchain/node';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { tool } from '@langchain/core/tools';
import { createAgent } from 'langchain';

import { scriptedChatModel } from '../support/scripted-chat-model.ts';
import type { DemoAgent, DemoFramework, Setting } from './framework.ts';
import { chooseModel, type Provider } from './model.ts';
import { script } from './script.ts';
import { type DemoTool, toolSecrets } from './tools.ts';

export const langchain: DemoFramework = { words: 'a LangChain agent', node, agent };

const made = { make: (Maker, model) => new Maker({ model }) } satisfies Partial<
  Provider<BaseChatModel>
>;

const PROVIDERS: readonly Provider<BaseChatModel>[] = [
  {
    key: 'OPENAI_API_KEY',
    module: '@langchain/openai',
    maker: 'ChatOpenAI',
    id: 'gpt-5-mini',
    ...made,
  },
  {
    key: 'ANTHROPIC_API_KEY',
    module: '@langchain/anthropic',
    maker: 'ChatAnthropic',
    id: 'claude-haiku-4-5',
    ...made,
  },
];

async function agent({ guard, tools }: Setting): Promise<DemoAgent> {
  const { model, name } = await chooseModel(PROVIDERS, () => scriptedChatModel(script));
  const guarded = withGuard(
    [
      ofLangChain(tools.readFile),
      ofLangChain(tools.getOrder),
      ofLangChain(tools.runCode),
      ofLangChain(tools.refund),
      ofLangChain(tools.writeFile),
    ],
    guard,
    { toolSecrets },
  );
  const loop = createAgent({ model, tools: guarded });
  return {
    model: name,
    async work(prompt, signal) {
      const { messages } = await loop.invoke(
        { messages: [{ role: 'user', content: prompt }] },
        // One call at a time, so that nobody has to answer two questions at once.
        { signal, recursionLimit: 25, maxConcurrency: 1 },
      );
      return { text: messages.at(-1)?.text ?? '', seen: JSON.stringify(messages) };
    },
  };
}

/** An ordinary tool of LangChain. */
function ofLangChain<Args>({ name, description, schema, run }: DemoTool<Args>) {
  return tool(run, { name, description, schema });
}
