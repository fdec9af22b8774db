// Two frameworks, one guard: an AI SDK agent hands work to a LangChain agent. One policy decides, one
// person is asked, and one log tells which call made which.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { type CallContext, createGuard, memoryAudit, standardPolicy } from '@guardstile/core';
import { withGuard as withGuardOfAiSdk } from '@guardstile/ai-sdk';
import { withGuard as withGuardOfLangChain } from '@guardstile/langchain';
import { tool as langChainTool } from '@langchain/core/tools';
import { generateText, isStepCount, tool } from 'ai';
import { createAgent } from 'langchain';
import * as z from 'zod';

import { scriptedChatModel } from './support/scripted-chat-model.ts';
import { scriptedModel } from './support/scripted-model.ts';

const key = new TextEncoder().encode('a key that an application keeps secret');
const audit = memoryAudit({ key });
const asked: string[] = [];

// On whose behalf calls are made, across both frameworks and everything they call.
const requests = new AsyncLocalStorage<CallContext>();

const guard = createGuard({
  policy: standardPolicy({ deny: ['erase'] }),
  audit,
  approver: ({ tool: { name }, args, context }) => {
    asked.push(`${context.principal?.id}: ${name} ${JSON.stringify(args)}`);
    return 'approve';
  },
  ambient: requests,
});

// The LangChain agent, with two tools of its own.
const search = langChainTool(({ query }) => `3 results for ${query}`, {
  name: 'search',
  description: 'Searches the archive',
  schema: z.object({ query: z.string() }),
});
const erase = langChainTool(() => 'erased', {
  name: 'erase',
  description: 'Erases the archive',
  schema: z.object({}),
});
const researcher = createAgent({
  name: 'researcher',
  model: scriptedChatModel([
    { tool: 'search', args: { query: 'teapots' } },
    { tool: 'erase', args: {} },
    (results) => results.map(({ text }) => text).join('; '),
  ]),
  tools: withGuardOfLangChain([search, erase], guard, { facts: { search: 'readOnly' } }),
});

// The AI SDK agent: one of its tools is the other agent.
const published: string[] = [];
const tools = withGuardOfAiSdk(
  {
    research: tool({
      inputSchema: z.object({ task: z.string() }),
      execute: async ({ task }) => {
        const { messages } = await researcher.invoke({
          messages: [{ role: 'user', content: task }],
        });
        return messages.at(-1)?.text ?? '';
      },
    }),
    publish: tool({
      inputSchema: z.object({ text: z.string() }),
      execute: ({ text }) => {
        published.push(text);
        return 'published';
      },
    }),
  },
  guard,
  { facts: { research: 'readOnly' } },
);

const { text } = await requests.run({ principal: { id: 'ann' }, session: 'chat-1' }, () =>
  generateText({
    model: scriptedModel([
      { tool: 'research', args: { task: 'Find the teapots' } },
      ([found]) => ({ tool: 'publish', args: { text: found?.text } }),
      (results) => results.map((result) => result.text).join('\n'),
    ]),
    tools,
    stopWhen: isStepCount(5),
    prompt: 'Write about teapots',
  }),
);
console.log(text);

// One policy for both: what is on neither list was denied in the agent of the other framework.
assert.match(text, /3 results for teapots; erase: denied/);
assert.deepEqual(published.length, 1);
assert.deepEqual(asked.length, 1);

// One log: calls of both frameworks, for Ann, and which call made which.
const entries = await audit.query({ kind: 'decision' });
const names = new Map(entries.map(({ rid, tool: name }) => [rid, name]));
for (const { action, tool: name, user, agent, parent } of entries) {
  const made = parent === undefined ? '' : `  made by ${names.get(parent)}`;
  console.log(`${action}  ${name}  for ${user}${agent === undefined ? '' : ` by ${agent}`}${made}`);
}
assert.ok(entries.every(({ user, session }) => user === 'ann' && session === 'chat-1'));
assert.deepEqual(
  entries.filter(({ parent }) => names.get(parent) === 'research').map((entry) => entry.tool),
  ['search', 'erase'],
);
assert.equal((await audit.verify()).ok, true);
