import { tool } from 'ai';
import { tool as langChainTool } from '@langchain/core/tools';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { definePolicy } from '../define-policy.ts';
import type { PolicyDocument, RuleDocument, Where } from '../document.ts';
import { checkPolicy } from '../rule-policy.ts';
import { policyWarnings } from './policy-warnings.ts';

const refund = z.object({
  orderId: z.string(),
  amount: z.number().min(0).max(1000),
  currency: z.enum(['EUR', 'USD']),
  note: z.string().nullable().optional(),
  urgent: z.boolean(),
  to: z.array(z.object({ iban: z.string() })),
  at: z.date(),
  kind: z.union([z.literal('a'), z.literal(5)]),
  meta: z.record(z.string(), z.string()),
});
const tools = { refund, read_order: z.object({ orderId: z.string() }) };

const allow: RuleDocument = { id: 'a', effect: 'allow', tool: 'refund' };

function said(document: PolicyDocument, given: object | null = tools): readonly string[] {
  expect(checkPolicy(document)).toEqual([]);
  const options = given === null ? {} : { tools: given };
  return policyWarnings(document, options).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
}

const about = (where: Where, given?: object | null): readonly string[] =>
  said({ rules: [{ ...allow, where }] }, given);

describe('a condition that no call can meet', () => {
  const never: ReadonlyArray<readonly [what: string, where: Where, at: string, said: string]> = [
    ['bounds that exclude each other', { x: { lt: 5, gt: 9 } }, 'x', 'no number'],
    ['bounds that leave nothing', { x: { lt: 5, gte: 5 } }, 'x', 'no number'],
    ['a value outside its bounds', { x: { eq: 5, gt: 9 } }, 'x', 'no value'],
    [
      'a list without the value',
      { x: { in: ['a', 'b'], not: { in: ['a', 'b'] } } },
      'x',
      'no value',
    ],
    ['a text with another start', { x: { eq: 'ab', startsWith: 'b' } }, 'x', 'no value'],
    ['something of what is not there', { x: { exists: false, eq: 5 } }, 'x', 'no value'],
    ['bounds within an item', { x: { some: { lt: 1, gt: 2 } } }, 'x.some', 'no number'],
    ['bounds within a field', { x: { where: { y: { lt: 1, gt: 2 } } } }, 'x.where.y', 'no number'],
  ];

  it.each(never)('is told without knowing the tools: %s', (_, where, at, message) => {
    for (const found of [about(where, null), about(where, { refund: {} })]) {
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(`rules.0.where.${at}: `);
      expect(found[0]).toContain(message);
    }
  });

  const against: ReadonlyArray<readonly [what: string, where: Where, at: string, said: string]> = [
    [
      'a field that is not there',
      { amuont: 5 },
      'amuont',
      'no field "amuont" (did you mean "amount"?)',
    ],
    ['a value that does not exist', { currency: 'EURO' }, 'currency', 'did you mean "EUR"?'],
    ['one among others', { currency: { in: ['EUR', 'GBP'] } }, 'currency.in.1', '"EUR", "USD"'],
    ['one that is excluded', { currency: { not: 'GBP' } }, 'currency.not', '"GBP"'],
    ['a text where a number is', { amount: '5' }, 'amount', 'the field is number'],
    ['a number where a text is', { orderId: { eq: 5 } }, 'orderId.eq', 'the field is string'],
    ['an order of texts', { orderId: { gt: 5 } }, 'orderId.gt', 'gt is about number'],
    ['a path of a number', { amount: { path: '/data' } }, 'amount.path', 'path is about string'],
    ['items of a text', { orderId: { every: 'x' } }, 'orderId.every', 'every is about array'],
    ['more than there can be', { amount: { gt: 1000 } }, 'amount', 'no number'],
    ['less than there can be', { amount: { lt: 0 } }, 'amount', 'no number'],
    ['a start that no value has', { currency: { startsWith: 'X' } }, 'currency', 'no value'],
    ['all values excluded', { currency: { not: { in: ['EUR', 'USD'] } } }, 'currency', 'no value'],
    ['neither true nor false', { urgent: { not: { in: [true, false] } } }, 'urgent', 'no value'],
    ['null where there is none', { orderId: null }, 'orderId', 'never be null'],
    ['none of two kinds', { kind: 'b' }, 'kind', '"a", 5'],
    [
      'a field of an item',
      { to: { every: { where: { ibna: 'x' } } } },
      'to.every.where.ibna',
      'did you mean "iban"?',
    ],
  ];

  it.each(against)('is told where the tool takes something else: %s', (_, where, at, message) => {
    const found = about(where);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(`rules.0.where.${at}: refund: `);
    expect(found[0]).toContain(message);
  });

  it.each<Where>([
    { amount: { gte: 1000 }, currency: { in: ['EUR', 'USD'] }, note: null, kind: 5 },
    { note: { exists: false }, nothing: { exists: false }, urgent: true, at: { exists: true } },
    { at: { gt: 5 }, meta: { where: { anything: 'x' } }, to: { some: { where: { iban: 'x' } } } },
    { orderId: { startsWith: 'o', not: { endsWith: 'x' } }, kind: { in: ['a', 5] } },
    { amount: { amount: { lte: 5 } }, note: { startsWith: 'x' } },
  ])('is not told of one that some call meets: %j', (where) => {
    expect(about(where)).toEqual([]);
  });

  it.each<readonly [string, object]>([
    ['tools of the AI SDK', { refund: tool({ inputSchema: refund }) }],
    [
      'tools of LangChain',
      [langChainTool(() => '', { name: 'refund', description: 'x', schema: refund })],
    ],
    ['JSON Schema', { refund: { type: 'object', properties: { amount: { type: 'number' } } } }],
    ['a tool with JSON Schema', { refund: { parameters: { properties: { amount: {} } } } }],
  ])('is known of %s', (_, given) => {
    expect(about({ amuont: 5 }, given)[0]).toContain('did you mean "amount"?');
  });

  it.each<readonly [string, object]>([
    ['nothing', { refund: {} }],
    [
      'a schema that fails',
      {
        refund: {
          inputSchema: {
            toJSONSchema: () => {
              throw new Error('x');
            },
          },
        },
      },
    ],
    ['any fields', { refund: { properties: {}, additionalProperties: true } }],
    ['parts that refer to others', { refund: { properties: {}, allOf: [{ $ref: '#/a' }] } }],
    [
      'a getter that throws',
      {
        refund: {
          get properties() {
            throw new Error('x');
          },
        },
      },
    ],
  ])('is not guessed where a tool says %s', (_, given) => {
    expect(about({ amuont: 5 }, given)).toEqual([]);
  });

  it('is told of a pattern where no tool of it can meet it', () => {
    const rule = (where: Where): PolicyDocument => ({ rules: [{ ...allow, tool: '*', where }] });
    expect(said(rule({ amount: { lt: 5 } }))).toEqual([]);
    expect(said(rule({ orderId: 5 }))).toHaveLength(2);
    expect(said(rule({ neither: 5 }))).toHaveLength(2);
  });

  it('is not told of tools from elsewhere', () => {
    expect(said({ rules: [{ ...allow, source: 'mcp', where: { amuont: 5 } }] })).toEqual([]);
  });

  it('is told of fields to edit too', () => {
    const approve = { editable: ['amount', 'amuont'] };
    expect(said({ rules: [{ ...allow, approve }] })).toEqual([
      'rules.0.approve.editable.1: refund: the tool has no field "amuont" (did you mean "amount"?)',
    ]);
  });

  it('is told to whoever defines a policy in code', () => {
    const told: unknown[] = [];
    definePolicy(tools, (t) => [t.refund.allow({ id: 'a', where: { amount: { lt: 5, gt: 9 } } })], {
      warn: (warning) => told.push(warning.path),
    });
    expect(told).toEqual([['rules', 0, 'where', 'amount']]);
  });
});

describe('a rule that decides nothing', () => {
  const deny: RuleDocument = { id: 'no', effect: 'deny', tool: '*' };
  const small: RuleDocument = { ...allow, where: { amount: { lte: 5 } } };
  const ask: RuleDocument = { id: 'q', effect: 'ask', tool: 'refund' };

  it.each<readonly [what: string, document: PolicyDocument, said: string]>([
    ['below a denial of everything', { rules: [allow, deny] }, '"no" denies every call'],
    ['an ask below a denial', { rules: [ask, deny] }, '"no" denies every call'],
    [
      'a narrower denial',
      { rules: [{ ...small, effect: 'deny' }, deny] },
      '"no" denies every call',
    ],
    ['on the deny list', { deny: ['ref*'], rules: [allow] }, 'never runs, by the list "deny"'],
    ['not on the allow list', { allow: ['x'], rules: [allow] }, 'never runs, by the list "allow"'],
    ['optional', { optional: ['refund'], rules: [allow] }, 'never runs, by the list "optional"'],
    ['narrower than another', { rules: [small, { ...allow, id: 'b' }] }, '"b" allows every call'],
    ['an ask that nothing allows', { rules: [ask] }, 'allows nothing by itself'],
  ])('is told: %s', (_, document, message) => {
    for (const given of [tools, null]) {
      const found = said(document, given);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch('rules.0.id: ');
      expect(found[0]).toContain(message);
    }
  });

  it.each<readonly [what: string, document: PolicyDocument]>([
    ['the denial itself', { rules: [deny] }],
    ['two denials', { rules: [deny, { ...deny, id: 'b', tool: 'refund' }] }],
    ['a denial with a condition', { rules: [allow, { ...deny, who: { role: 'guest' } }] }],
    ['a rule in shadow', { rules: [{ ...allow, mode: 'shadow' }, deny] }],
    ['a denial in shadow', { rules: [allow, { ...deny, mode: 'shadow' }] }],
    ['an ask beside an allow', { rules: [allow, ask] }],
    ['an ask beside a mode', { mode: 'default', rules: [ask] }],
    ['an ask in a layer that restricts', { layer: 'restricts', rules: [ask] }],
    [
      'an allow with approvers',
      {
        rules: [
          { ...small, approve: {} },
          { ...allow, id: 'b' },
        ],
      },
    ],
    [
      'an allow that demands something',
      {
        rules: [
          { ...small, limits: [{ id: 'l', max: 1, window: '1d' }] },
          { ...allow, id: 'b' },
        ],
      },
    ],
    [
      'a rule that decides on one of its tools',
      { deny: ['refund'], rules: [{ ...allow, tool: '*' }] },
    ],
  ])('is not told of %s', (_, document) => {
    expect(said(document)).toEqual([]);
  });

  it('is told of names that look like other patterns than there are', () => {
    const document: PolicyDocument = { deny: ['ref[u]nd'], rules: [{ ...allow, tool: 'ref?nd' }] };
    const names = [
      'deny: only * is a pattern in names: "ref[u]nd" is about tools with a "["',
      'rules.0.tool: only * is a pattern in names: "ref?nd" is about tools with a "?"',
    ];
    expect(said(document, null)).toEqual(names);
    expect(said(document, { 'ref?nd': z.object({}), 'ref[u]nd': z.object({}) })).toEqual([]);
  });

  it('is told of arguments whose origin is said and that there are not', () => {
    const from = { from: ['prompt' as const] };
    const args = {
      orderID: from,
      orderId: from,
      'to[].ibna': from,
      'to[].iban': from,
      'meta.x': from,
    };
    const document: PolicyDocument = {
      rules: [allow],
      flow: { tools: { refund: { args }, 'shop/refund': { args }, other: { args } } },
    };
    expect(said(document)).toEqual([
      'flow.tools.refund.args.orderID: refund: the tool has no field "orderID" (did you mean "orderId"?)',
      'flow.tools.refund.args.to[].ibna: refund: the tool has no field "ibna" (did you mean "iban"?)',
    ]);
    expect(said(document, null)).toEqual([]);
  });

  const perSession = { id: 's', max: 5, window: '1h', per: 'session' } as const;
  const perPerson = { id: 'p', max: 50, window: '1d' } as const;

  it('is told of limits that a new session evades', () => {
    const rules = [{ ...allow, tool: ['refund', 'read_order'], limits: [perSession] }];
    expect(said({ rules })).toEqual([
      'rules.0.limits.0.per: a new session has all of "s" again, and clients choose session ids: limit refund, read_order per principal as well',
    ]);
    const other = { ...allow, id: 'b', limits: [{ ...perPerson, per: 'tenant' as const }] };
    expect(said({ rules: [...rules, other] })).toEqual([
      expect.stringContaining('limit read_order per principal') as string,
    ]);
    expect(said({ rules: [...rules, { ...other, mode: 'shadow' }] })).toHaveLength(1);
  });

  it.each<readonly [what: string, rules: readonly RuleDocument[]]>([
    ['one beside it', [{ ...allow, limits: [perSession, perPerson] }]],
    [
      'one of a pattern',
      [
        { ...allow, limits: [perSession] },
        { id: 'b', effect: 'allow', tool: '*', limits: [perPerson] },
      ],
    ],
    [
      'a loop, of which every session has its own',
      [{ ...allow, limits: [{ ...perSession, same: 'call' }] }],
    ],
    ['a limit in shadow', [{ ...allow, mode: 'shadow', limits: [perSession] }]],
    ['another limit alone', [{ ...allow, limits: [perPerson] }]],
  ])('is not told of limits per session with %s', (_, rules) => {
    expect(said({ rules })).toEqual([]);
  });

  it('is not looked for in a document that cannot be used', () => {
    expect(policyWarnings({ rules: [{ ...small, effect: 'alow' }] })).toEqual([]);
    expect(policyWarnings(undefined)).toEqual([]);
  });
});
