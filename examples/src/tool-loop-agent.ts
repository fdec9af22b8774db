// One ToolLoopAgent for everybody, created once with guarded tools. On whose behalf it acts is said
// around the call, and reaches the guard through Node's AsyncLocalStorage.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type CallContext,
  createGuard,
  layers,
  type PolicyFunction,
  standardPolicy,
  withGuard,
} from '@guardstile/ai-sdk';
import { isStepCount, tool, ToolLoopAgent } from 'ai';
import * as z from 'zod';

import { scriptedModel } from './support/scripted-model.ts';

const refunds: string[] = [];

const orderStatus = tool({
  inputSchema: z.object({ order: z.string() }),
  execute: ({ order }) => `${order} was delivered`,
});
const refund = tool({
  inputSchema: z.object({ order: z.string(), amount: z.number() }),
  execute: ({ order, amount }) => {
    refunds.push(`${amount} for ${order}`);
    return 'refunded';
  },
});

// Small amounts are the support team's own business; above, the standard policy asks a person.
const atMost100: PolicyFunction = ({ tool: { name }, args }, { principal }) => {
  if (name !== 'refund') return undefined;
  if (principal?.roles?.includes('support') !== true) {
    return { effect: 'deny', reason: 'only the support team refunds' };
  }
  const { amount } = args as { readonly amount: number };
  if (amount <= 100) return undefined;
  return { effect: 'ask', reason: `${amount} is more than 100` };
};

const ambient = new AsyncLocalStorage<CallContext>();
const questions: string[] = [];
const guard = createGuard({
  policy: layers([
    { name: 'shop', grants: standardPolicy({ mode: 'bypassPermissions' }) },
    { name: 'refunds', restricts: atMost100 },
  ]),
  ambient,
  // Whoever can be asked in this process; `terminalApprover()` asks at a terminal.
  approver: ({ context, reason }) => {
    questions.push(`${context.principal?.id}: ${reason}`);
    return 'deny';
  },
});

// For a real model: `model: 'openai/gpt-5-mini'` with AI_GATEWAY_API_KEY, or one of your provider.
const agent = new ToolLoopAgent({
  model: scriptedModel([
    { tool: 'orderStatus', args: { order: '4711' } },
    { tool: 'refund', args: { order: '4711', amount: 20 } },
    { tool: 'refund', args: { order: '4711', amount: 2000 } },
    (results) => results.map((result) => result.text).join('\n'),
  ]),
  tools: withGuard({ orderStatus, refund }, guard),
  stopWhen: isStepCount(5),
});

/** What an application does per request, once it knows who it is. */
async function answer(id: string, roles: readonly string[]): Promise<readonly string[]> {
  const context = { principal: { id, roles }, session: `chat-of-${id}` };
  const { text } = await ambient.run(context, () => agent.generate({ prompt: 'Refund 4711' }));
  console.log(`${id}:\n  ${text.replaceAll('\n', '\n  ')}`);
  return text.split('\n');
}

// Two people at once, with the same agent: nobody gets what the other one may.
const [ann, bob] = await Promise.all([answer('ann', ['support']), answer('bob', [])]);
assert.equal(ann[0], '4711 was delivered');
assert.equal(ann[1], 'refunded');
assert.match(ann[2] ?? '', /a person denied it/);
assert.equal(bob[0], '4711 was delivered');
assert.match(bob[1] ?? '', /only the support team refunds/);
assert.deepEqual(refunds, ['20 for 4711']);
assert.deepEqual(questions, ['ann: 2000 is more than 100']);

// Streaming is the same agent, and the same guard.
const streamed = await ambient.run({ principal: { id: 'bob' } }, () =>
  agent.stream({ prompt: 'Refund 4711' }),
);
assert.match(await streamed.text, /only the support team refunds/);

// Outside of any request there is nobody on whose behalf it could refund.
const { text: nobody } = await agent.generate({ prompt: 'Refund 4711' });
assert.match(nobody, /only the support team refunds/);
assert.deepEqual(refunds, ['20 for 4711']);
await guard.close();
