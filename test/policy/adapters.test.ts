import { withGuard as guardAiSdk } from '@guardstile/ai-sdk';
import { isGuardError } from '@guardstile/core';
import { withGuard as guardLangChain } from '@guardstile/langchain';
import { compilePolicy, definePolicy, type PolicyDocument } from '@guardstile/policy';
import { tool as langChainTool } from '@langchain/core/tools';
import { tool } from 'ai';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

const schema = z.object({
  orderId: z.string(),
  amount: z.number(),
  currency: z.enum(['EUR', 'USD']),
});
type Refund = z.output<typeof schema>;

const aiSdkTools = {
  refund: tool({ inputSchema: schema, execute: async ({ amount }) => `refunded ${amount}` }),
};
const langChainTools = [
  langChainTool(({ amount }) => `refunded ${amount}`, {
    name: 'refund',
    description: 'Refunds an order',
    schema,
  }),
];

const document: PolicyDocument = {
  rules: [
    { id: 'refunds', effect: 'allow', tool: 'refund', where: { amount: { lte: 500 } } },
    { id: 'usd', effect: 'deny', tool: 'refund', where: { currency: 'USD' }, reason: 'euros only' },
  ],
};

const cases: ReadonlyArray<readonly [args: Refund, expected: unknown]> = [
  [{ orderId: 'o', amount: 5, currency: 'EUR' }, 'refunded 5'],
  [{ orderId: 'o', amount: 501, currency: 'EUR' }, ['denied', undefined]],
  [{ orderId: 'o', amount: 5, currency: 'USD' }, ['denied', 'usd']],
];

function refusal(error: unknown): unknown {
  return isGuardError(error) ? [error.code, error.rule] : error;
}

describe('one policy', () => {
  const asData = compilePolicy(document);
  const asCode = definePolicy(aiSdkTools, (t) => [
    t.refund.allow({ id: 'refunds', where: { amount: { lte: 500 } } }),
    t.refund.deny({ id: 'usd', where: { currency: 'USD' }, reason: 'euros only' }),
  ]);
  const fromList = definePolicy(langChainTools, (t) => [
    t.refund.allow({ id: 'refunds', where: { amount: { lte: 500 } } }),
    t.refund.deny({ id: 'usd', where: { currency: 'USD' }, reason: 'euros only' }),
  ]);

  it('has one digest, as data and in code', () => {
    expect(asCode.digest({})).toBe(asData.digest({}));
    expect(fromList.digest({})).toBe(asData.digest({}));
  });

  it.each([asData, asCode, fromList])('governs tools of the AI SDK', async (policy) => {
    const { refund } = guardAiSdk(aiSdkTools, policy);
    for (const [args, expected] of cases) {
      const options = { toolCallId: 'c', messages: [], context: {} };
      const done: unknown = await Promise.resolve(refund.execute(args, options)).catch(refusal);
      expect(done).toEqual(expected);
    }
  });

  it.each([asData, asCode, fromList])('governs tools of LangChain', async (policy) => {
    const [refund] = guardLangChain([...langChainTools], policy);
    for (const [args, expected] of cases) {
      const done: unknown = await refund?.invoke(args).catch(refusal);
      expect(done).toEqual(expected);
    }
  });
});
