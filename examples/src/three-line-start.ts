// Three lines put a guard between an AI SDK agent and its tools.
import assert from 'node:assert/strict';
import { standardPolicy, withGuard } from '@guardstile/ai-sdk';
import { generateText, isStepCount, tool } from 'ai';
import * as z from 'zod';

import { scriptedModel } from './support/scripted-model.ts';

const refunds: string[] = [];

const lookUp = tool({
  inputSchema: z.object({ order: z.string() }),
  execute: ({ order }) => ({ order, status: 'delivered' }),
});
const refund = tool({
  inputSchema: z.object({ order: z.string() }),
  execute: ({ order }) => {
    refunds.push(order);
    return 'refunded';
  },
});

// An application passes a model of its provider here.
const model = scriptedModel([
  { tool: 'lookUp', args: { order: '4711' } },
  { tool: 'refund', args: { order: '4711' } },
  ([, refused]) => `I was told: ${refused?.text}`,
]);

// The three lines: a policy, the same tools behind a guard, the call as it always was.
const policy = standardPolicy({ deny: ['refund'] });
const tools = withGuard({ lookUp, refund }, policy, { facts: { lookUp: 'readOnly' } });
const result = await generateText({
  model,
  tools,
  prompt: 'Refund 4711',
  stopWhen: isStepCount(5),
});

console.log(result.text);

// What is allowed arrives unchanged, with its type; what is denied never ran, and the model can
// read why.
const [looked] = result.steps.flatMap((step) => step.staticToolResults);
assert.ok(looked?.toolName === 'lookUp');
assert.equal(looked.output.status, 'delivered');
assert.deepEqual(refunds, []);
assert.match(result.text, /refund: denied: it is on the deny list/);
