// A LangGraph agent that asks: the graph stops, a person answers, the graph goes on. One answer is for
// one call, by whoever resumes, and what a checkpoint says approves nothing.
import assert from 'node:assert/strict';
import { createGuard, standardPolicy } from '@guardstile/langchain';
import { guardMiddleware } from '@guardstile/langchain/middleware';
import { Command, MemorySaver } from '@langchain/langgraph';
import { createAgent, tool } from 'langchain';
import * as z from 'zod';

import { inputOf, turnOf } from './langchain/graph-turn.ts';
import { scriptedChatModel } from './support/scripted-chat-model.ts';

const refunds: string[] = [];

const lookUp = tool(({ order }) => `order ${order}: two teapots, delivered broken`, {
  name: 'lookUp',
  description: 'Looks up an order',
  schema: z.object({ order: z.string() }),
});
const refund = tool(
  ({ order, amount }) => {
    refunds.push(`${amount} for ${order}`);
    return `refunded ${amount}`;
  },
  {
    name: 'refund',
    description: 'Pays money back',
    schema: z.object({ order: z.string(), amount: z.number().positive() }),
  },
);

// An application passes a model of its provider here. This one wants two refunds at once.
const model = scriptedChatModel([
  { tool: 'lookUp', args: { order: '4711' } },
  [
    { tool: 'refund', args: { order: '4711', amount: 20 } },
    { tool: 'refund', args: { order: '4711', amount: 900 } },
  ],
  (results) => results.map(({ tool: name, text }) => `${name}: ${text}`).join('\n'),
]);

const guard = createGuard({ policy: standardPolicy() });
const agent = createAgent({
  model,
  tools: [lookUp, refund],
  middleware: [
    guardMiddleware(guard, {
      facts: { lookUp: 'readOnly', refund: 'money' },
      // Who is asking is for the application to say: here out of the session that it has checked.
      context: ({ configurable }) => ({ principal: { id: String(configurable?.['user']) } }),
    }),
  ],
  checkpointer: new MemorySaver(),
});

const ann = { configurable: { thread_id: 'chat-1', user: 'ann' } };
const approve = { decisions: [{ type: 'approve' }] };
const reject = { decisions: [{ type: 'reject', message: 'that is too much' }] };

// 1. What only reads has run, and the graph stops at the first refund.
const first = await turnOf(agent.invoke(inputOf('Refund order 4711'), ann));
const [question] = first.questions;
console.log('asked:   ', question?.name, JSON.stringify(question?.args));
assert.deepEqual(question?.args, { order: '4711', amount: 20 });
assert.deepEqual(refunds, []);

// 2. Ann approves what she was shown. Nothing has run yet: the next call of the same message is asked
// about first.
const { config: asked } = await agent.graph.getState(ann);
const second = await turnOf(agent.invoke(new Command({ resume: approve }), ann));
console.log('asked:   ', second.questions[0]?.name, JSON.stringify(second.questions[0]?.args));
assert.deepEqual(second.questions[0]?.args, { order: '4711', amount: 900 });
assert.deepEqual(refunds, []);

// 3. She rejects that one. The first runs, the second does not, and the model reads why.
const last = await turnOf(agent.invoke(new Command({ resume: reject }), ann));
console.log('ended:   ', last.text);
assert.deepEqual(refunds, ['20 for 4711']);
assert.match(last.text, /refund: refunded 20\nrefund: refund: a person denied it.*too much/);

// 4. Back to the question, with the same answer: it was used, and nothing runs twice.
const past = { configurable: { ...asked.configurable, user: 'ann' } };
const replay = await turnOf(agent.invoke(new Command({ resume: approve }), past));
console.log('replayed:', replay.text);
assert.match(replay.text, /the approval was used already/);
assert.deepEqual(refunds, ['20 for 4711']);

// 5. The answer to a question of Ann's, given by somebody else: it is not his to give.
const other = (user: string) => ({ configurable: { thread_id: 'chat-2', user } });
await agent.invoke(inputOf('Refund order 4711'), other('ann'));
const taken = await turnOf(agent.invoke(new Command({ resume: approve }), other('bob')));
assert.equal(taken.questions.length, 1, 'he is asked himself');
assert.deepEqual(refunds, ['20 for 4711']);

// The log says who was asked, who answered, and that one body started.
const entries = (await guard.audit?.query({ tool: 'refund', session: 'chat-1' })) ?? [];
console.log('log:     ', entries.map(({ action, user }) => `${action} (${user})`).join(', '));
assert.equal(entries.filter(({ action }) => action === 'tool.allow').length, 1);
assert.equal((await guard.audit?.verify())?.ok, true);
