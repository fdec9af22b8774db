import { tool } from 'ai';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';

import { policySchema } from './policy-schema.ts';

const tools = {
  refund: tool({
    inputSchema: z.object({
      orderId: z.string(),
      amount: z.number(),
      currency: z.enum(['EUR', 'USD']),
      tags: z.array(z.string()),
      to: z.object({ city: z.string() }),
      note: z.string().nullable(),
    }),
  }),
  search: { type: 'object', properties: { q: { type: 'string' } } },
  anything: tool({ inputSchema: z.any() }),
};

let known: ReturnType<typeof validator> | undefined;

/** Compiling takes longer than anything else here. */
function withTools(): ReturnType<typeof validator> {
  known ??= validator(tools);
  return known;
}

async function validator(given?: unknown): Promise<(text: string) => readonly string[]> {
  const validate = new Ajv2020({ allErrors: true, strict: false }).compile(
    await policySchema(given),
  );
  return (text) => {
    validate(parse(text));
    return (validate.errors ?? []).map(({ instancePath }) => instancePath);
  };
}

const ofRule = (rest: string): string =>
  `{ version: 1, sets: { s: [EUR] }, rules: [{ id: a, effect: allow, tool: refund, ${rest} }] }`;

describe('the schema of policy files', () => {
  it.each([
    'where: { amount: { gt: 0, lte: 500 }, currency: { in: [EUR, USD] } }',
    'where: { currency: { in: { $set: s } } }',
    'where: { orderId: { matches: "ord-[0-9]+" }, tags: { every: { matches: "[a-z]+" } } }',
    'where: { currency: EUR, tags: { every: { startsWith: x } }, to: { where: { city: Rome } } }',
    'where: { note: { exists: true, not: { in: [null, { $set: s }] } } }',
    'where: { amount: { lte: { $env: MAX } } }',
    'who: { role: [a, b] }, approve: { by: role:x, quorum: 2, expires: 4h, editable: [amount] }',
    'obligations: [{ type: redact, fields: [iban] }], limits: [{ id: l, max: 5, window: 1d }]',
    'limits: [{ id: l, amount: { from: amount }, max: 5, window: 1d }], approve: { grants: [session], onExpiry: { escalateTo: role:board } }',
    'requires: { sandbox: { files: os, network: args }, durability: disk }',
    'source: mcp.example, where: { whatever: { gt: 1 } }, mode: shadow',
  ])('accepts a rule with %s', async (rest) => {
    const errors = (await withTools())(ofRule(rest));
    expect(errors).toEqual([]);
  });

  it.each([
    [
      'a name that no tool has',
      '{ version: 1, rules: [{ id: a, effect: allow, tool: refnd }] }',
      '/rules/0/tool',
    ],
    ['a field that the tool has not', ofRule('where: { ammount: 5 }'), '/rules/0/where'],
    [
      'an operator of another type',
      ofRule('where: { orderId: { gt: 5 } }'),
      '/rules/0/where/orderId',
    ],
    ['a literal of another type', ofRule("where: { amount: '5' }"), '/rules/0/where/amount'],
    [
      'a value that is none of the enum',
      ofRule('where: { currency: GBP }'),
      '/rules/0/where/currency',
    ],
    [
      'one among others',
      ofRule('where: { currency: { in: [EUR, GBP] } }'),
      '/rules/0/where/currency',
    ],
    ['a nested field', ofRule('where: { to: { where: { cty: x } } }'), '/rules/0/where/to'],
    ['an unknown operator', ofRule('where: { amount: { ltee: 5 } }'), '/rules/0/where/amount'],
    ['an unknown key of a rule', ofRule('wher: {}'), '/rules/0'],
    [
      'an unknown effect',
      '{ version: 1, rules: [{ id: a, effect: alow, tool: refund }] }',
      '/rules/0/effect',
    ],
    ['an unknown mode', '{ version: 1, mode: readonly }', '/mode'],
    ['an unknown key', '{ version: 1, rulse: [] }', ''],
    ['no version', '{ rules: [] }', ''],
    ['a quorum that is none', ofRule('approve: { quorum: 0 }'), '/rules/0/approve'],
    ['an unknown fact', '{ version: 1, facts: { refund: readonly } }', '/facts/refund'],
    ['facts of no tool', '{ version: 1, facts: { refnd: money } }', '/facts'],
    [
      'an unknown expectation',
      '{ version: 1, tests: [{ call: x, expect: alow }] }',
      '/tests/0/expect',
    ],
    ['an unknown obligation', ofRule('obligations: [{ type: notify }]'), '/rules/0/obligations'],
    ['an unknown requirement', ofRule('requires: { sandbox: { file: os } }'), '/rules/0/requires'],
    [
      'an amount of two kinds',
      ofRule('limits: [{ id: l, amount: { form: x }, max: 5, window: 1d }]'),
      '/rules/0/limits',
    ],
    ['an unknown grant', ofRule('approve: { grants: [once] }'), '/rules/0/approve'],
    ['a limit without a window', ofRule('limits: [{ id: l, max: 5 }]'), '/rules/0/limits'],
  ])('refuses %s', async (_, text, place) => {
    const errors = (await withTools())(text);
    expect(errors.some((path) => path.startsWith(place))).toBe(true);
    expect(errors).not.toEqual([]);
  });

  it('knows nothing of the fields where a schema says nothing of them', async () => {
    const errors = (await withTools())(
      '{ version: 1, rules: [{ id: a, effect: allow, tool: anything, where: { x: { gt: 1 } } }] }',
    );
    expect(errors).toEqual([]);
  });

  it('accepts the examples, without tools', async () => {
    const file = join(import.meta.dirname, '../../../examples/policies/banking.yaml');
    expect((await validator())(readFileSync(file, 'utf8'))).toEqual([]);
  });
});
