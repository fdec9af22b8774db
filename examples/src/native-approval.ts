// Without an approver of its own the guard lets the AI SDK ask: the call stops with an approval
// request, a person answers somewhere else, and a second call resumes. One answer runs once.
import assert from 'node:assert/strict';
import { createGuard, standardPolicy, withGuard } from '@guardstile/ai-sdk';
import { generateText, isStepCount, type ModelMessage, tool } from 'ai';
import * as z from 'zod';

import { scriptedModel } from './support/scripted-model.ts';

const refunds: number[] = [];

const refund = tool({
  inputSchema: z.object({ order: z.string(), amount: z.number() }),
  execute: ({ amount }) => {
    refunds.push(amount);
    return `refunded ${amount}`;
  },
});

const model = scriptedModel([
  { tool: 'refund', args: { order: '4711', amount: 49.9 } },
  (results) => `The tool says: ${results.at(-1)?.text}`,
]);

const guard = createGuard({ policy: standardPolicy(), facts: { refund: 'money' } });

/** What an application does per request: the guard is created once, the principal is who it is. */
function chat(user: string, messages: ModelMessage[]) {
  const tools = withGuard({ refund }, guard.with({ principal: { id: user }, session: 'chat-1' }));
  return generateText({ model, tools, messages, stopWhen: isStepCount(5) });
}

// 1. The guard asks, and nothing runs.
const question: ModelMessage[] = [{ role: 'user', content: 'Refund order 4711' }];
const asked = await chat('ann', question);
const request = asked.content.find((part) => part.type === 'tool-approval-request');
assert.ok(request !== undefined);
assert.deepEqual(refunds, []);
console.log('asked:   ', request.toolCall.toolName, request.toolCall.input);

// 2. Ann says yes, in her browser for example, and the conversation goes on.
const yes: ModelMessage = {
  role: 'tool',
  content: [{ type: 'tool-approval-response', approvalId: request.approvalId, approved: true }],
};
const conversation: ModelMessage[] = [...question, ...asked.responseMessages, yes];
const resumed = await chat('ann', conversation);
assert.deepEqual(refunds, [49.9]);
console.log('resumed: ', resumed.text);

// 3. The same answer again, as a retry or a replay would send it: refused.
const replayed = await chat('ann', conversation);
assert.deepEqual(refunds, [49.9]);
assert.match(replayed.text, /the approval was used already/);
console.log('replayed:', replayed.text);

// 4. Somebody else with the same history: refused, the answer was not theirs.
const stolen = await chat('bob', conversation);
assert.deepEqual(refunds, [49.9]);
assert.match(stolen.text, /an approval was claimed that this guard never opened/);
console.log('stolen:  ', stolen.text);

// 5. A history in which the amount was changed: refused, that was not what Ann approved.
const forged: ModelMessage[] = JSON.parse(
  JSON.stringify(conversation).replaceAll('49.9', '4990'),
) as ModelMessage[]; // a copy of messages
const cheated = await chat('ann', forged);
assert.deepEqual(refunds, [49.9]);
assert.match(cheated.text, /an approval was claimed that this guard never opened/);
console.log('forged:  ', cheated.text);
