// Nothing is guarded yet: a callback handler writes down what an agent does, into a log that can be
// verified. It sees, and stops nothing; what has to be stopped belongs behind withGuard().
import assert from 'node:assert/strict';
import { allowAll, createGuard, GuardCallbackHandler, withGuard } from '@guardstile/langchain';
import { Document } from '@langchain/core/documents';
import { FakeRetriever } from '@langchain/core/utils/testing';
import { createAgent, tool } from 'langchain';
import * as z from 'zod';

import { scriptedChatModel } from './support/scripted-chat-model.ts';

const sent: string[] = [];

const retriever = new FakeRetriever({
  output: [new Document({ pageContent: 'Refunds over 500 need a manager.' })],
});
const findRule = tool(
  async ({ topic }) => (await retriever.invoke(topic)).map((one) => one.pageContent).join('\n'),
  {
    name: 'findRule',
    description: 'Looks up a rule',
    schema: z.object({ topic: z.string() }),
  },
);
const sendMail = tool(
  ({ to }) => {
    if (to === 'nobody') throw new Error('there is no such address');
    sent.push(to);
    return 'sent';
  },
  {
    name: 'sendMail',
    description: 'Sends a mail',
    schema: z.object({ to: z.string(), password: z.string().optional() }),
  },
);

// The one line that an existing agent needs: a handler in its callbacks. Allowing everything has to be
// said, and here there is nothing that it would be said of.
const guard = createGuard({ policy: allowAll(), context: { principal: { id: 'sam' } } });
const handler = new GuardCallbackHandler(guard);

const model = scriptedChatModel([
  { tool: 'findRule', args: { topic: 'refunds' } },
  { tool: 'sendMail', args: { to: 'mara', password: 'hunter2' } },
  { tool: 'sendMail', args: { to: 'nobody' } },
  'Mara knows.',
]);
const agent = createAgent({ name: 'desk', model, tools: [findRule, sendMail] });
const question = { messages: [{ role: 'user' as const, content: 'Tell Mara the rule' }] };
const config = { configurable: { thread_id: 'ticket-17' } };
await agent.invoke(question, { ...config, callbacks: [handler] });

// Models, tools and retrievers, in their order, with who, where and for how long.
const entries = (await guard.audit?.query({ kind: 'application' })) ?? [];
for (const { action, tool: name, status, user, agent: by, session } of entries) {
  console.log([action, name, status, user, by, session].filter(Boolean).join('  '));
}
assert.deepEqual(sent, ['mara']);
const tools = entries.filter(({ action }) => action === 'tool.unguarded');
assert.deepEqual(
  tools.map((entry) => entry.tool),
  ['findRule', 'sendMail', 'sendMail'],
);
assert.ok(entries.every(({ user, session }) => user === 'sam' && session === 'ticket-17'));
assert.ok(entries.some(({ action }) => action === 'retriever.start'));
assert.ok(
  entries.some(({ status, error }) => status === 'error' && /no such address/.test(error ?? '')),
);
assert.doesNotMatch(JSON.stringify(entries), /hunter2/);
assert.equal((await guard.audit?.verify())?.ok, true);

// The next step: what is guarded is in the log once, by the guard, and no longer as unguarded. The
// handler can be a tripwire for what was forgotten.
const [guarded] = withGuard([sendMail], guard);
const strict = new GuardCallbackHandler(guard, { onUnguarded: 'fail' });
await guarded.invoke({ to: 'tom' }, { callbacks: [strict] });
await assert.rejects(sendMail.invoke({ to: 'eve' }, { callbacks: [strict] }), /without the guard/);
assert.deepEqual(sent, ['mara', 'tom']);
const allowed = (await guard.audit?.query({ action: 'tool.allow' })) ?? [];
console.log('guarded: ', allowed.map((entry) => entry.tool).join(), '| forgotten: stopped');
assert.equal(allowed.length, 1);
