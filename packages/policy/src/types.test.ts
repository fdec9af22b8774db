import { tool as langchainTool } from '@langchain/core/tools';
import { jsonSchema, tool } from 'ai';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { z as z3 } from 'zod/v3';
import { definePolicy } from './define-policy.ts';
import type { AnyArgs, ArgsByTool } from './infer-args.ts';
import type { RuleBuilder } from './rule-builder.ts';

const order = z.object({
  orderId: z.string(),
  amount: z.number().positive(),
  currency: z.enum(['EUR', 'USD']),
  note: z.string().optional(),
  customer: z.object({ country: z.string(), email: z.string() }),
});

const tools = {
  refund: tool({
    inputSchema: order,
    execute: async ({ amount }) => ({ refunded: amount }),
  }),
  github_mergePr: tool({
    inputSchema: z.object({ repo: z.string(), pr: z.number().int() }),
    execute: async ({ pr }) => pr,
  }),
  sendEmail: tool({
    inputSchema: z.object({ to: z.array(z.string()), body: z.string() }),
    execute: async () => 'ok',
  }),
};

describe('types of rules', () => {
  it('know names, arguments, enum values and nested fields of tools of the AI SDK', () => {
    type Args = ArgsByTool<typeof tools>;
    expectTypeOf<Args['refund']>().toEqualTypeOf<z.output<typeof order>>();
    const policy = definePolicy(tools, (t) => [
      t.refund.allow({
        id: 'refund.small',
        where: {
          amount: { lte: 500 },
          currency: 'EUR',
          customer: { where: { country: { in: ['DE'] } } },
        },
        when: (args, context) => {
          expectTypeOf(args.amount).toEqualTypeOf<number>();
          expectTypeOf(args.currency).toEqualTypeOf<'EUR' | 'USD'>();
          expectTypeOf(context.principal.id).toEqualTypeOf<string>();
          return true;
        },
      }),
      t.refund.ask({
        id: 'refund.large',
        where: { amount: { gt: 500 }, note: { exists: true } },
        approvers: 'role:finance',
        quorum: 2,
        expires: '4h',
        editable: ['amount'],
      }),
      t.sendEmail.allow({
        id: 'mail',
        where: { to: { every: { email: '*@acme.com' } } },
      }),
      t.$match('github_*').deny({ id: 'gh', where: { repo: { startsWith: 'acme/prod' } } }),
    ]);
    expect(policy.rules).toEqual(['gh', 'mail', 'refund.large', 'refund.small']);
  });

  it('refuse a misspelt tool, argument, operator, value and pattern', () => {
    expectTypeOf<RuleBuilder<typeof tools, AnyArgs>>().toHaveProperty('refund');
    expectTypeOf<RuleBuilder<typeof tools, AnyArgs>>().not.toHaveProperty('refnd');
    expect(() =>
      definePolicy(tools, (t) => {
        Reflect.get(t, 'refnd');
        return [];
      }),
    ).toThrow('there is no tool "refnd" (did you mean "refund"?)');
    expect(() =>
      definePolicy(tools, (t) => [
        t.refund.allow({
          id: 'b',
          // @ts-expect-error: no such field
          where: { amout: { lte: 5 } },
          // @ts-expect-error: no such field
          when: (args) => args.amout > 5,
        }),
        // @ts-expect-error: texts have no order
        t.refund.allow({ id: 'c', where: { orderId: { gt: 5 } } }),
        // @ts-expect-error: no such currency
        t.refund.allow({ id: 'd', where: { currency: 'GBP' } }),
        // @ts-expect-error: no such currency in the list
        t.refund.allow({ id: 'e', where: { currency: { in: ['EUR', 'GBP'] } } }),
        // @ts-expect-error: no such nested field
        t.refund.allow({ id: 'f', where: { customer: { where: { contry: 'DE' } } } }),
        // @ts-expect-error: the fields of an object go into where
        t.refund.allow({ id: 'g', where: { customer: { country: 'DE' } } }),
        t.refund.allow({ id: 'h', where: { customer: { where: { email: { email: 'a@b.c' } } } } }),
        // @ts-expect-error: not a field that could be edited
        t.refund.ask({ id: 'i', editable: ['amout'] }),
        // @ts-expect-error: nobody approves what is denied
        t.refund.deny({ id: 'j', approvers: 'bob' }),
        // @ts-expect-error: a rule has an id
        t.refund.deny({}),
        // @ts-expect-error: matches none of the tools
        t.$match('gitlab_*').deny({ id: 'k' }),
      ]),
    ).toThrow('"gitlab_*" matches none of the tools');
  });

  it('know the arguments of LangChain tools in a list', () => {
    const list = [
      langchainTool(async ({ query }) => query, {
        name: 'search',
        description: '',
        schema: z.object({ query: z.string() }),
      }),
      langchainTool(async ({ city }) => city, {
        name: 'weather',
        description: '',
        schema: z.object({ city: z.enum(['Bonn', 'Rome']) }),
      }),
    ];
    type Args = ArgsByTool<typeof list>;
    expectTypeOf<Args['search']>().toEqualTypeOf<{ query: string }>();
    const policy = definePolicy(list, (t) => [
      t.search.allow({ id: 'search', when: ({ query }) => query !== '' }),
      t.weather.allow({ id: 'weather', where: { city: 'Bonn' } }),
    ]);
    expect(policy.rules).toEqual(['search', 'weather']);
    expectTypeOf<RuleBuilder<typeof list, AnyArgs>>().not.toHaveProperty('wether');
    definePolicy(list, (t) => [
      // @ts-expect-error: no such city
      t.weather.allow({ id: 'a', where: { city: 'Paris' } }),
    ]);
  });

  it('know schemas of zod 3, 4 and mini, JSON Schema, and functions', () => {
    const schemas = {
      four: z.object({ a: z.string() }),
      three: z3.object({ a: z3.number() }),
      small: mini.object({ a: mini.boolean() }),
      json: {
        type: 'object',
        properties: { a: { enum: ['x', 'y'] }, b: { type: 'array', items: { type: 'number' } } },
        required: ['a'],
      },
      fn: async (args: { readonly path: string }) => args.path,
      sdk: tool({ inputSchema: jsonSchema<{ a: 'p' | 'q' }>({ type: 'object' }) }),
      unknown: {},
    } as const;
    type Args = ArgsByTool<typeof schemas>;
    expectTypeOf<Args['four']>().toEqualTypeOf<{ a: string }>();
    expectTypeOf<Args['three']>().toEqualTypeOf<{ a: number }>();
    expectTypeOf<Args['small']>().toEqualTypeOf<{ a: boolean }>();
    expectTypeOf<Args['json']['a']>().toEqualTypeOf<'x' | 'y'>();
    expectTypeOf<Args['json']['b']>().toEqualTypeOf<readonly number[] | undefined>();
    expectTypeOf<Args['fn']>().toEqualTypeOf<{ readonly path: string }>();
    expectTypeOf<Args['sdk']>().toEqualTypeOf<{ a: 'p' | 'q' }>();
    expectTypeOf<Args['unknown']>().toEqualTypeOf<AnyArgs>();
    const policy = definePolicy(schemas, (t) => [
      t.json.allow({ id: 'json', where: { a: 'x', b: { every: { lt: 5 } } } }),
      t.fn.allow({ id: 'fn', where: { path: { path: '/data' } } }),
      t.unknown.allow({ id: 'unknown', where: { anything: { path: '/data' } } }),
    ]);
    expect(policy.rules).toEqual(['fn', 'json', 'unknown']);
  });

  it('know the attributes of principals by their schema', () => {
    const policy = definePolicy(
      tools,
      (t) => [
        t.refund.allow({
          id: 'limit',
          when: (args, { principal }) => {
            expectTypeOf(principal.attributes).toEqualTypeOf<{ limit: number }>();
            return args.amount <= principal.attributes.limit;
          },
        }),
        // @ts-expect-error: no such attribute
        t.refund.deny({ id: 'no', when: (_, { principal }) => principal.attributes.limt > 5 }),
      ],
      { attributes: z.object({ limit: z.number() }) },
    );
    expect(policy.opaque).toEqual(['limit', 'no']);
  });

  it('accept any name where the types know none', () => {
    const any: Record<string, object> = { read_file: {} };
    const policy = definePolicy(any, (t) => [
      t.$match('read_*').allow({ id: 'reads', where: { path: { path: '/data' } } }),
    ]);
    expect(policy.rules).toEqual(['reads']);
  });
});
