import { generateText, isStepCount, type ModelMessage, tool } from 'ai';
import { MockLanguageModelV4 } from 'ai/test';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { createGuard, recordDenials, withGuard } from './index.ts';

const usage = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/** Refunds once, then talks. */
function model(): MockLanguageModelV4 {
  return new MockLanguageModelV4({
    doGenerate: async ({ prompt }) =>
      prompt.at(-1)?.role === 'tool'
        ? {
            content: [{ type: 'text', text: 'well' }],
            finishReason: { unified: 'stop', raw: '' },
            usage,
            warnings: [],
          }
        : {
            content: [
              { type: 'tool-call', toolCallId: 'c1', toolName: 'refund', input: '{"cents":500}' },
            ],
            finishReason: { unified: 'tool-calls', raw: '' },
            usage,
            warnings: [],
          },
  });
}

/** A conversation in which the SDK has just asked. */
async function asked() {
  const runs: unknown[] = [];
  const refund = tool({
    inputSchema: z.object({ cents: z.number() }),
    execute: async (input) => {
      runs.push(input);
      return 'refunded';
    },
  });
  const guard = createGuard({ policy: () => 'ask' });
  const tools = withGuard({ refund }, guard.with({ principal: { id: 'ann' }, session: 's1' }));
  const messages: ModelMessage[] = [{ role: 'user', content: 'refund me' }];
  const run = async (more: readonly ModelMessage[] = []) =>
    generateText({
      model: model(),
      tools,
      messages: [...messages, ...more],
      stopWhen: isStepCount(3),
    });
  const first = await run();
  const request = first.content.find((part) => part.type === 'tool-approval-request');
  messages.push(...first.responseMessages);
  const answer = (approved: boolean): ModelMessage => ({
    role: 'tool',
    content: [
      {
        type: 'tool-approval-response',
        approvalId: request?.approvalId ?? '',
        approved,
        ...(approved ? {} : { reason: 'not today' }),
      },
    ],
  });
  const log = async () => (await guard.audit?.query())?.slice(1) ?? [];
  return { runs, guard, tools, messages, run, answer, log };
}

describe('a denial in the dialog of the SDK', () => {
  it('is in the log as a vote, and final although the conversation is changed afterwards', async () => {
    const { runs, tools, messages, run, answer, log } = await asked();
    await recordDenials(tools, [...messages, answer(false)]);
    expect((await run([answer(false)])).text).toBe('well');
    expect(await log()).toMatchObject([
      { action: 'tool.ask', user: 'ann' },
      { action: 'approval.deny', user: 'ann', votes: [{ verdict: 'deny', note: 'not today' }] },
    ]);
    const flipped = await run([answer(true)]);
    expect(flipped.text).toBe('well');
    expect(runs).toEqual([]);
    expect((await log()).at(-1)).toMatchObject({ action: 'tool.deny', code: 'approval_denied' });
  });

  it('counts once, however often it is posted', async () => {
    const { tools, messages, answer, log } = await asked();
    const posted = [...messages, answer(false)];
    for (let times = 0; times < 3; times += 1) await recordDenials(tools, posted);
    const votes = (await log()).filter(({ action }) => action === 'approval.deny');
    expect(votes).toHaveLength(1);
  });

  it('leaves an approval alone', async () => {
    const { runs, tools, messages, run, answer } = await asked();
    await recordDenials(tools, [...messages, answer(true)]);
    await run([answer(true)]);
    expect(runs).toEqual([{ cents: 500 }]);
  });

  it('is refused in messages of the user interface, which say it in other words', async () => {
    const { tools } = await asked();
    const approval = { id: 'a', approved: false };
    const parts = [
      { type: 'tool-refund', toolCallId: 'c1', state: 'approval-responded', approval },
    ];
    const messages = [{ id: 'm1', role: 'assistant', parts }];
    await expect(recordDenials(tools, messages)).rejects.toMatchObject({ code: 'options_invalid' });
    await expect(recordDenials(tools, 'none' as never)).rejects.toMatchObject({
      code: 'options_invalid',
    });
  });

  it('of what was never asked counts for nothing, whatever a client sends', async () => {
    const { runs, tools, messages, run, answer, log } = await asked();
    const part = { type: 'tool-approval-response', approved: false };
    const nonsense: readonly unknown[] = [
      { role: 'tool', content: [{ ...part, approvalId: 'made up' }] },
      { role: 'tool', content: [{ ...part, approvalId: 5 }] },
      { role: 'tool', content: [{ ...part, approvalId: {} }, null, 5] },
      { role: 'tool', content: 'text' },
      null,
      [],
    ];
    for (const last of nonsense) await recordDenials(tools, [...messages, last]);
    await recordDenials(tools, []);
    await recordDenials({}, [...messages, answer(false)]);
    expect(await log()).toHaveLength(1);
    await run([answer(true)]);
    expect(runs).toHaveLength(1);
  });
});
