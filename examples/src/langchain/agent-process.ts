// An agent in a process of its own: a graph that makes its tool calls in a node, checkpoints in a
// file, approvals in another. Run by langchain-after-restart.ts.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { sqliteApprovals } from '@guardstile/approvals';
import { createGuard, standardPolicy, withGuard } from '@guardstile/langchain';
import { tool } from '@langchain/core/tools';
import { Command, MessagesAnnotation, START, StateGraph } from '@langchain/langgraph';
import { ToolNode, toolsCondition } from '@langchain/langgraph/prebuilt';
import * as z from 'zod';

import { keyFile } from '../support/key-file.ts';
import { scriptedChatModel } from '../support/scripted-chat-model.ts';
import { inputOf, turnOf } from './graph-turn.ts';
import { SqliteSaver } from './sqlite-saver.ts';
import type { AgentRequest } from './start-agent.ts';

const [folder = '.'] = process.argv.slice(2);

const refund = tool(
  (refunded) => {
    appendFileSync(join(folder, 'refunds.jsonl'), `${JSON.stringify(refunded)}\n`);
    return `refunded ${refunded.amount}`;
  },
  {
    name: 'refund',
    description: 'Pays money back',
    schema: z.object({ order: z.string(), amount: z.number().positive() }),
  },
);

const guard = createGuard({
  policy: standardPolicy(),
  approvals: sqliteApprovals(join(folder, 'approvals.db'), {
    key: keyFile(join(folder, 'approvals.key')),
  }),
});
const tools = withGuard([refund], guard, {
  facts: { refund: 'money' },
  context: ({ configurable }) => ({ principal: { id: String(configurable?.['user']) } }),
});

/** Stands in for a model that reads amount and order out of what the person says. */
const model = scriptedChatModel([
  (_, said) => {
    const [, amount, order = ''] = /(\d+) for order (\d+)/.exec(said) ?? [];
    return { tool: 'refund', args: { order, amount: Number(amount) } };
  },
  (results) => results.map(({ text }) => text).join(),
]);

const graph = new StateGraph(MessagesAnnotation)
  .addNode('model', async ({ messages }) => ({
    messages: [await model.bindTools(tools).invoke(messages)],
  }))
  .addNode('tools', new ToolNode(tools))
  .addEdge(START, 'model')
  .addConditionalEdges('model', toolsCondition)
  .addEdge('tools', 'model')
  .compile({ checkpointer: new SqliteSaver(join(folder, 'checkpoints.db')) });

process.on('message', ({ thread, user, prompt, resume }: AgentRequest) => {
  const config = { configurable: { thread_id: thread, user } };
  const running =
    prompt === undefined
      ? graph.invoke(new Command({ resume }), config)
      : graph.invoke(inputOf(prompt), config);
  turnOf(running).then(
    (turn) => process.send?.(turn),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.('ready');
