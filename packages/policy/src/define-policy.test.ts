import { createGuard } from '@guardstile/core';
import { tool } from 'ai';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { definePolicy } from './define-policy.ts';
import type { OnExpiry } from './document.ts';

const tools = {
  refund: tool({
    inputSchema: z.object({
      orderId: z.string(),
      amount: z.number(),
      currency: z.enum(['EUR', 'USD']),
    }),
    execute: async ({ amount }) => ({ refunded: amount }),
  }),
  readOrder: tool({
    inputSchema: z.object({ orderId: z.string() }),
    execute: async () => 'an order',
  }),
};

describe('definePolicy', () => {
  it('means what the same rules mean as data', () => {
    const policy = definePolicy(
      tools,
      (t) => [
        t.refund.ask({
          id: 'large',
          where: { amount: { gt: 500 } },
          approvers: 'role:finance',
          quorum: 2,
          expires: '4h',
          editable: ['amount'],
          grants: ['session'],
        }),
      ],
      { mode: 'default', deny: ['readOrder'] },
    );
    const decision = policy.explain({ tool: 'refund', args: { amount: 900 } });
    expect(decision).toMatchObject({
      verdict: 'ask',
      requirements: {
        votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 2 }, { kind: 'confirm' }],
        expiresMs: 4 * 3_600_000,
      },
    });
    expect(policy.explain({ tool: 'readOrder' }).verdict).toBe('deny');
  });

  it('says what becomes of an ask that nobody answers in time', () => {
    const requirements = (onExpiry: OnExpiry | undefined) => {
      const policy = definePolicy(tools, (t) => [
        t.refund.allow({ id: 'all', approvers: 'bob', ...(onExpiry && { onExpiry }) }),
      ]);
      return policy.explain({ tool: 'refund', args: { amount: 1 } }).requirements;
    };
    expect(requirements({ escalateTo: ['role:board', 'ann', 'ann'] })).toMatchObject({
      onExpiry: 'escalate',
      escalateTo: ['ann', 'role:board'],
    });
    expect(requirements('park')).toMatchObject({ onExpiry: 'park' });
    expect(requirements('deny')).toEqual(requirements(undefined));
  });

  it('checks the attributes of principals before a when sees them', async () => {
    const policy = definePolicy(
      tools,
      (t) => [
        t.refund.allow({
          id: 'limit',
          when: (args, { principal }) => args.amount <= principal.attributes.limit,
        }),
      ],
      { attributes: z.object({ limit: z.number() }) },
    );
    const guard = createGuard({ policy });
    const as = async (attributes?: Record<string, unknown>): Promise<string> => {
      const principal = { id: 'ann', ...(attributes === undefined ? {} : { attributes }) };
      return (await guard.with({ principal }).decide({ tool: 'refund', args: { amount: 5 } }))
        .effect;
    };
    expect(await as({ limit: 5 })).toBe('allow');
    expect(await as({ limit: 4 })).toBe('deny');
    expect(await as({ limit: '1000' })).toBe('deny');
    expect(await as({})).toBe('deny');
    expect(await as()).toBe('deny');
    expect((await guard.decide({ tool: 'refund', args: { amount: 5 } })).effect).toBe('deny');
  });

  it('looks at a principal anew that was changed', () => {
    const policy = definePolicy(
      tools,
      (t) => [t.refund.allow({ id: 'a', when: (_, { principal }) => principal.attributes.ok })],
      { attributes: z.object({ ok: z.boolean() }) },
    );
    const attributes = { ok: true };
    const call = { tool: 'refund', context: { principal: { id: 'ann', attributes } } };
    expect(policy.explain(call).verdict).toBe('allow');
    attributes.ok = false;
    expect(policy.explain(call).verdict).toBe('deny');
  });

  it('allows tools of the source that is named', async () => {
    const policy = definePolicy(tools, (t) => [t.refund.allow({ id: 'a' })], { source: 'shop' });
    const guard = createGuard({ policy });
    const effect = async (source?: string): Promise<string> =>
      (
        await guard.decide({
          tool: 'refund',
          args: {},
          ...(source === undefined ? {} : { source }),
        })
      ).effect;
    expect(await effect('shop')).toBe('allow');
    expect(await effect()).toBe('deny');
    expect(await effect('other')).toBe('deny');
  });

  it('says where the values of these tools come from, whatever their source', () => {
    const flow = { tools: { refund: { irreversible: true } } };
    const known = { source: 'shop', flow };
    const policy = definePolicy(tools, (t) => [t.refund.allow({ id: 'a' })], known);
    expect(policy.explain({ tool: 'refund', source: 'shop' }).rule).toBe('irreversible');
    expect(policy.explain({ tool: 'refund' }).flow).toEqual([]);
    expect(() =>
      definePolicy(tools, () => [], { source: 'shop', flow: { tools: { refnd: {} } } }),
    ).toThrow('"shop/refnd" is none of the tools (did you mean "shop/refund"?)');
    expect(() => definePolicy(tools, () => [], { flow: { tools: { refnd: {} } } })).toThrow(
      '"refnd" is none of the tools (did you mean "refund"?)',
    );
    expect(() =>
      definePolicy(tools, () => [], { source: 'shop', flow: { tools: [] } } as never),
    ).toThrow('flow.tools: tools has to be an object');
  });

  it('refuses options and fields that it does not know', () => {
    expect(() => definePolicy(tools, () => [], { moed: 'default' } as never)).toThrow(
      'did you mean "mode"?',
    );
    expect(() =>
      definePolicy(tools, (t) => [t.refund.allow({ id: 'a', whre: {} } as never)]),
    ).toThrow('did you mean "where"?');
    expect(() =>
      definePolicy(tools, (t) => [t.refund.deny({ id: 'a', approvers: 'x' } as never)]),
    ).toThrow('nobody can approve');
    expect(() => definePolicy([{}], () => [])).toThrow('a tool in the list has no name');
  });
});
