// One policy file governs an agent of the AI SDK and one of LangChain: the bank's assistant.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createGuard, withGuard } from '@guardstile/ai-sdk';
import { withGuard as withLangChainGuard } from '@guardstile/langchain';
import { loadPolicy } from '@guardstile/policy-file';
import { tool as langChainTool } from '@langchain/core/tools';
import { generateText, isStepCount, tool } from 'ai';
import * as z from 'zod';

import { scriptedModel } from './support/scripted-model.ts';

// The file leaves it to the application who was paid before: here by user.
const paidBefore = new Map([['ann', ['GROCER', 'LANDLORD']]]);
const policy = loadPolicy(join(import.meta.dirname, '../policies/banking.yaml'), {
  sets: { payees: ({ principal }) => paidBefore.get(principal?.id ?? '') ?? [] },
});

const asked: string[] = [];
const guard = createGuard({
  policy,
  context: { principal: { id: 'ann' } },
  // Stands in for Ann, who confirms nothing today.
  approver({ tool: { name }, reason }) {
    asked.push(`${name}: ${reason}`);
    return 'deny';
  },
});

const sent: string[] = [];
const payment = z.object({ recipient: z.string(), amount: z.number() });
const pay = ({ recipient, amount }: z.infer<typeof payment>): string => {
  sent.push(`${amount} to ${recipient}`);
  return 'sent';
};

const payments = [
  { recipient: 'GROCER', amount: 12.5 },
  { recipient: 'STRANGER', amount: 0.01 },
  { recipient: 'LANDLORD', amount: 9000 },
];

// The AI SDK.
const tools = withGuard({ send_money: tool({ inputSchema: payment, execute: pay }) }, guard);
await generateText({
  model: scriptedModel([...payments.map((args) => ({ tool: 'send_money', args })), 'done']),
  tools,
  stopWhen: isStepCount(5),
  prompt: 'Pay them',
});
const bySdk = { sent: sent.splice(0), asked: asked.splice(0) };
console.log('AI SDK:   ', bySdk);

// LangChain, behind the same guard.
const [sendMoney] = withLangChainGuard(
  [langChainTool(pay, { name: 'send_money', description: 'Sends money', schema: payment })],
  guard,
);
for (const [i, args] of payments.entries()) {
  await sendMoney.invoke({ type: 'tool_call', id: `call-${i}`, name: 'send_money', args });
}
const byLangChain = { sent: sent.splice(0), asked: asked.splice(0) };
console.log('LangChain:', byLangChain);

assert.deepEqual(bySdk, {
  sent: ['12.5 to GROCER'],
  asked: [
    'send_money: the bank does not list this payee',
    'send_money: more than 5,000 in one payment',
  ],
});
assert.deepEqual(byLangChain, bySdk);
await guard.close();
