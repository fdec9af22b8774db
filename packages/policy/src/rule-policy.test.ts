import { createGuard, type Decision, isGuardError, layers, standardPolicy } from '@guardstile/core';
import { describe, expect, it } from 'vitest';
import type { PolicyDocument, RuleDocument } from './document.ts';
import { compilePolicy, type RulePolicy } from './rule-policy.ts';

const finance: RuleDocument = {
  id: 'finance',
  effect: 'ask',
  tool: 'refund',
  where: { amount: { gt: 500 } },
  approve: { by: 'role:finance', quorum: 2, expires: '4h', editable: ['amount'] },
  reason: 'refunds over 500 need finance',
};
const refunds: RuleDocument = { id: 'refunds', effect: 'allow', tool: 'refund' };

async function decide(
  policy: RulePolicy,
  tool: string,
  args: unknown = {},
  context = {},
): Promise<Decision> {
  return createGuard({ policy, context }).decide({ tool, args });
}

async function effect(
  document: PolicyDocument,
  tool: string,
  args?: unknown,
  context?: object,
): Promise<string> {
  return (await decide(compilePolicy(document), tool, args, context)).effect;
}

describe('compilePolicy', () => {
  it('denies what no rule allows, and says so', async () => {
    const policy = compilePolicy({ rules: [refunds] });
    expect(await decide(policy, 'refund')).toMatchObject({ effect: 'allow', rule: 'refunds' });
    expect(await decide(policy, 'other')).toMatchObject({
      effect: 'deny',
      code: 'denied',
      reason: 'no rule allows it',
    });
    expect(await effect({}, 'refund')).toBe('deny');
    expect(await effect({ rules: [] }, 'refund')).toBe('deny');
  });

  it('puts denials before asks and asks before allows, in any order of rules', async () => {
    const never: RuleDocument = {
      id: 'never',
      effect: 'deny',
      tool: 'refund',
      where: { amount: { gt: 10_000 } },
      reason: 'too much',
    };
    for (const rules of [
      [refunds, finance, never],
      [never, finance, refunds],
      [finance, refunds, never],
    ]) {
      const policy = compilePolicy({ rules });
      expect(await decide(policy, 'refund', { amount: 5 })).toMatchObject({ effect: 'allow' });
      expect(await decide(policy, 'refund', { amount: 501 })).toMatchObject({
        effect: 'ask',
        rule: 'finance',
        reason: 'refunds over 500 need finance',
        requirements: {
          votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 2 }],
          expiresMs: 4 * 3_600_000,
          editable: ['amount'],
        },
      });
      expect(await decide(policy, 'refund', { amount: 10_001 })).toMatchObject({
        effect: 'deny',
        rule: 'never',
        reason: 'too much',
      });
    }
  });

  it('lets a rule that asks allow nothing by itself', async () => {
    const decision = await decide(compilePolicy({ rules: [finance] }), 'refund', { amount: 900 });
    expect(decision).toMatchObject({
      effect: 'deny',
      reason: 'no rule allows it (a rule that asks allows nothing by itself)',
    });
  });

  it('allows only with approval where a rule that allows says who approves', async () => {
    const rules: RuleDocument[] = [
      { id: 'password', effect: 'allow', tool: 'change_password', approve: { by: 'bob' } },
    ];
    expect(await decide(compilePolicy({ rules }), 'change_password')).toMatchObject({
      effect: 'ask',
      rule: 'password',
      requirements: { votes: [{ kind: 'approvers', by: ['bob'], quorum: 1 }] },
    });
  });

  it('applies all asks that match together', async () => {
    const manager: RuleDocument = {
      id: 'manager',
      effect: 'ask',
      tool: '*',
      approve: { by: 'ann', expires: '30m', editable: ['amount', 'note'] },
    };
    const plain: RuleDocument = { id: 'plain', effect: 'ask', tool: 'refund' };
    const policy = compilePolicy({ rules: [refunds, finance, manager, plain] });
    expect(await decide(policy, 'refund', { amount: 900 })).toMatchObject({
      effect: 'ask',
      requirements: {
        votes: [
          { kind: 'approvers', by: ['role:finance'], quorum: 2 },
          { kind: 'approvers', by: ['ann'], quorum: 1 },
          { kind: 'confirm' },
        ],
        expiresMs: 30 * 60_000,
        editable: [],
      },
    });
  });

  it('has no opinion as a restricting layer, whatever it is asked', async () => {
    const org = compilePolicy({
      layer: 'restricts',
      rules: [finance, { id: 'rm', effect: 'deny', tool: 'rm' }],
    });
    const agent = compilePolicy({ rules: [{ id: 'all', effect: 'allow', tool: '*' }] });
    const guard = createGuard({
      policy: layers([
        { name: 'org', restricts: org },
        { name: 'agent', grants: agent },
      ]),
    });
    const effectOf = async (tool: string, args: unknown): Promise<string> =>
      (await guard.decide({ tool, args })).effect;
    expect(await effectOf('refund', { amount: 5 })).toBe('allow');
    expect(await effectOf('refund', { amount: 900 })).toBe('ask');
    expect(await effectOf('rm', {})).toBe('deny');
    expect(() => createGuard({ policy: org })).toThrow('only restricts');
  });

  it('denies a tool whatever its arguments before they are looked at, where rules settle it', () => {
    const policy = compilePolicy({
      rules: [
        refunds,
        { id: 'no', effect: 'deny', tool: 'bash' },
        { ...finance, tool: 'transfer' },
      ],
    });
    const guard = createGuard({ policy });
    expect(guard.tool({ name: 'bash' }).fixed()).toMatchObject({ effect: 'deny', rule: 'no' });
    expect(guard.tool({ name: 'unknown' }).fixed()).toMatchObject({ effect: 'deny' });
    expect(guard.tool({ name: 'transfer' }).fixed()).toMatchObject({ effect: 'deny' });
    expect(guard.tool({ name: 'refund' }).fixed()).toMatchObject({ effect: 'allow' });
  });

  it('runs what is allowed and nothing else', async () => {
    const guard = createGuard({
      policy: compilePolicy({ rules: [{ ...refunds, where: { amount: { lte: 5 } } }] }),
    });
    const refund = guard.wrap('refund', async (args: { amount: number }) => args.amount);
    expect(await refund({ amount: 5 })).toBe(5);
    const error: unknown = await refund({ amount: 6 }).catch((thrown: unknown) => thrown);
    expect(isGuardError(error) && error.code).toBe('denied');
  });

  it('matches the names of tools by pattern, in one source', async () => {
    const rules: RuleDocument[] = [
      { id: 'reads', effect: 'allow', tool: ['read_*', 'list_*_files'] },
      { id: 'remote', effect: 'allow', tool: 'search', source: 'github' },
      { id: 'deletes', effect: 'deny', tool: '*delete*' },
      { id: 'everywhere', effect: 'allow', tool: 'read_and_delete' },
    ];
    const guard = createGuard({ policy: compilePolicy({ rules }) });
    const effectOf = async (tool: string, source?: string): Promise<string> =>
      (await guard.decide({ tool, args: {}, ...(source === undefined ? {} : { source }) })).effect;
    expect(await effectOf('read_file')).toBe('allow');
    expect(await effectOf('list_my_files')).toBe('allow');
    expect(await effectOf('list_files')).toBe('deny');
    expect(await effectOf('spread_file')).toBe('deny');
    // A server chooses the names of its tools: a rule of the application does not allow them.
    expect(await effectOf('read_file', 'github')).toBe('deny');
    expect(await effectOf('search', 'github')).toBe('allow');
    expect(await effectOf('search')).toBe('deny');
    // What denies does so wherever the tool is from.
    expect(await effectOf('read_and_delete')).toBe('deny');
    expect(await effectOf('read_and_delete', 'github')).toBe('deny');
  });

  it('tells principals apart by id, role, tenant and agent', async () => {
    const rules: RuleDocument[] = [
      { id: 'ann', effect: 'allow', tool: 'a', who: { id: 'ann', tenant: 't' } },
      { id: 'cfo', effect: 'allow', tool: 'b', who: { role: ['cfo', 'ceo'] } },
      { id: 'coder', effect: 'allow', tool: 'c', who: { agent: 'coder' } },
      { id: 'bare', effect: 'allow', tool: 'd', who: { id: 'ann' } },
      { id: 'all', effect: 'allow', tool: 'e' },
      { id: 'not-ann', effect: 'deny', tool: 'e', who: { id: 'ann' } },
    ];
    const as = async (tool: string, context: object): Promise<string> =>
      effect({ rules }, tool, {}, context);
    expect(await as('a', { principal: { id: 'ann', tenant: 't' } })).toBe('allow');
    expect(await as('a', { principal: { id: 'ann', tenant: 'u' } })).toBe('deny');
    expect(await as('a', { principal: { id: 'bob', tenant: 't' } })).toBe('deny');
    expect(await as('b', { principal: { id: 'x', roles: ['ops', 'ceo'] } })).toBe('allow');
    expect(await as('b', { principal: { id: 'cfo', roles: [] } })).toBe('deny');
    expect(await as('c', { agent: 'coder' })).toBe('allow');
    expect(await as('c', { agent: 'writer' })).toBe('deny');
    // The same id in a tenant can be somebody else: not allowed as ann, and denied like ann.
    expect(await as('d', { principal: { id: 'ann' } })).toBe('allow');
    expect(await as('d', { principal: { id: 'ann', tenant: 't' } })).toBe('deny');
    expect(await as('e', { principal: { id: 'ann', tenant: 't' } })).toBe('deny');
    expect(await as('e', { principal: { id: 'bob', tenant: 't' } })).toBe('allow');
  });

  it('counts a missing principal, role or agent against the call', async () => {
    const rules: RuleDocument[] = [
      { id: 'all', effect: 'allow', tool: 'a' },
      { id: 'interns', effect: 'deny', tool: 'a', who: { role: 'intern' } },
      { id: 'staff', effect: 'allow', tool: 'b', who: { role: 'staff' } },
      {
        id: 'when',
        effect: 'allow',
        tool: 'c',
        when: (_: unknown, context: { principal: unknown }) => context.principal === undefined,
      },
    ];
    expect(await effect({ rules }, 'a', {})).toBe('deny');
    expect(await effect({ rules }, 'a', {}, { principal: { id: 'x' } })).toBe('deny');
    expect(await effect({ rules }, 'a', {}, { principal: { id: 'x', roles: [] } })).toBe('allow');
    expect(await effect({ rules }, 'b', {})).toBe('deny');
    expect(await effect({ rules }, 'c', {})).toBe('deny');
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['returns a promise of true', async () => true],
    [
      'returns a promise that fails',
      async () => {
        throw new Error('later');
      },
    ],
    ['returns a promise of false', async () => false],
    ['answers something else than true or false', () => 1],
    ['answers nothing', () => undefined],
  ])('counts a when that %s against the call', async (_, when) => {
    const as = when as () => boolean;
    const all: RuleDocument = { id: 'all', effect: 'allow', tool: 'a' };
    const allowing: RuleDocument = { id: 'x', effect: 'allow', tool: 'a', when: as };
    expect(await effect({ rules: [allowing] }, 'a')).toBe('deny');
    expect(await effect({ rules: [all, { ...allowing, effect: 'ask' }] }, 'a')).toBe('ask');
    const denial = await decide(
      compilePolicy({ rules: [all, { ...allowing, effect: 'deny' }] }),
      'a',
    );
    expect(denial).toMatchObject({
      effect: 'deny',
      rule: 'x',
      reason: 'a rule that denies could not be evaluated',
    });
  });

  it('takes a when that answers false for the last word, whatever else cannot be told', async () => {
    const never: RuleDocument = {
      id: 'never',
      effect: 'deny',
      tool: 'refund',
      who: { role: 'intern' },
      where: { amount: { gt: 5 } },
      when: () => false,
    };
    expect(await effect({ rules: [refunds, never] }, 'refund', { amount: '6' })).toBe('allow');
    const { when: _, ...without } = never;
    expect(await effect({ rules: [refunds, without] }, 'refund', { amount: '6' })).toBe('deny');
    expect(await effect({ rules: [refunds, without] }, 'refund', { amount: 5 })).toBe('allow');
  });

  it('does not ask a when whose rule does not fit otherwise', async () => {
    let asked = 0;
    const when = (): boolean => {
      asked += 1;
      return true;
    };
    const rules: RuleDocument[] = [{ ...refunds, where: { amount: 5 }, when }];
    expect(await effect({ rules }, 'refund', { amount: 6 })).toBe('deny');
    expect(asked).toBe(0);
  });

  it('gives the arguments that the tool will receive, which nobody can change, to when', async () => {
    const seen: unknown[] = [];
    const rules: RuleDocument[] = [
      {
        ...refunds,
        when: (args: { amount: number }) => {
          seen.push(args);
          args.amount = 0;
          return true;
        },
      },
    ];
    expect(await effect({ rules }, 'refund', { amount: 6 })).toBe('deny');
    expect(seen).toEqual([{ amount: 6 }]);
  });

  it('decides by mode where no rule does', async () => {
    const rules = [finance];
    const at = async (mode: PolicyDocument['mode'], tool: string, args: unknown): Promise<string> =>
      effect(mode === undefined ? { rules } : { mode, rules }, tool, args);
    expect(await at('default', 'refund', { amount: 5 })).toBe('ask');
    expect(await at('bypassPermissions', 'refund', { amount: 5 })).toBe('allow');
    expect(await at('bypassPermissions', 'refund', { amount: 900 })).toBe('ask');
    expect(await at('dontAsk', 'refund', { amount: 900 })).toBe('deny');
    expect(
      await effect({ mode: 'dontAsk', rules: [refunds, finance] }, 'refund', { amount: 900 }),
    ).toBe('deny');
    expect(
      await effect({ mode: 'dontAsk', rules: [refunds, finance] }, 'refund', { amount: 5 }),
    ).toBe('allow');
    // A mode that reads only holds, whatever rules allow.
    expect(await effect({ mode: 'readOnly', rules: [refunds] }, 'refund', { amount: 5 })).toBe(
      'deny',
    );
    const combined = await decide(compilePolicy({ mode: 'default', rules }), 'refund', {
      amount: 900,
    });
    expect(combined).toMatchObject({
      effect: 'ask',
      requirements: { votes: [{ kind: 'approvers' }, { kind: 'confirm' }] },
    });
  });

  it.each(['default', 'acceptEdits', 'bypassPermissions', 'readOnly', 'dontAsk'] as const)(
    'says in the mode %s what standardPolicy says',
    async (mode) => {
      const options = { mode, allow: ['read', 'rm', 'edit', 'unknown'], deny: ['rm'] };
      const facts = { read: 'readOnly', rm: 'destructive', edit: 'edit', pay: 'money' } as const;
      const ours = createGuard({ policy: compilePolicy(options), facts });
      const theirs = createGuard({ policy: standardPolicy(options), facts });
      for (const tool of ['read', 'rm', 'edit', 'unknown', 'pay']) {
        const [a, b] = await Promise.all(
          [ours, theirs].map(async (guard) => guard.decide({ tool, args: {} })),
        );
        expect([tool, a?.effect]).toEqual([tool, b?.effect]);
      }
    },
  );

  it('keeps lists: what is denied never runs, and an allow list only filters', async () => {
    const rules: RuleDocument[] = [{ id: 'all', effect: 'allow', tool: '*' }];
    expect(await effect({ rules, deny: ['rm'] }, 'rm')).toBe('deny');
    expect(await effect({ rules, allow: ['a'] }, 'b')).toBe('deny');
    expect(await effect({ rules, allow: ['a'] }, 'a')).toBe('allow');
    expect(await effect({ allow: ['a'] }, 'a')).toBe('deny');
    expect(await effect({ rules, allow: [] }, 'a')).toBe('deny');
    expect(await effect({ rules, optional: ['a'] }, 'a')).toBe('deny');
    expect(await effect({ rules, optional: ['a'], allow: ['a'] }, 'a')).toBe('allow');
  });

  it('cannot be changed through the document it was made from', async () => {
    const rule = { id: 'a', effect: 'allow' as const, tool: ['a'], where: { n: { in: [1] } } };
    const document = { rules: [rule], deny: ['b'] };
    const policy = compilePolicy(document);
    const before = policy.digest({});
    rule.tool.push('b');
    rule.where.n.in.push(2);
    document.deny.pop();
    expect((await decide(policy, 'b', { n: 1 })).effect).toBe('deny');
    expect((await decide(policy, 'a', { n: 2 })).effect).toBe('deny');
    expect(policy.digest({})).toBe(before);
  });

  it('names rules with a function as opaque, and tells them apart by their text', () => {
    const one = compilePolicy({ rules: [{ ...refunds, when: () => true }] });
    const other = compilePolicy({ rules: [{ ...refunds, when: () => false }] });
    expect(one.opaque).toEqual(['refunds']);
    expect(one.digest({})).not.toBe(other.digest({}));
    expect(compilePolicy({ rules: [refunds] }).opaque).toEqual([]);
  });

  it('has one digest for one meaning', () => {
    const short = compilePolicy({ rules: [{ ...refunds, where: { a: 5, b: { gt: 1, lt: 3 } } }] });
    const long = compilePolicy({
      layer: 'grants',
      rules: [{ where: { b: { lt: 3, gt: 1 }, a: { eq: 5 } }, mode: 'enforce', ...refunds }],
    });
    expect(long.digest({})).toBe(short.digest({}));
  });

  it('has another digest for every change of its meaning', () => {
    const rule: RuleDocument = {
      ...refunds,
      where: { amount: { lte: 5 } },
      approve: { by: 'bob' },
    };
    const base: PolicyDocument = { rules: [rule] };
    const rules: readonly Partial<RuleDocument>[] = [
      {},
      { id: 'other' },
      { effect: 'ask' },
      { tool: 'other' },
      { tool: ['refund', 'other'] },
      { source: 'shop' },
      { who: { id: 'ann' } },
      { who: { role: 'ann' } },
      { where: { amount: { lt: 5 } } },
      { where: { amount: { lte: 6 } } },
      { where: { other: { lte: 5 } } },
      { where: { amount: { not: { lte: 5 } } } },
      { where: { amount: { amount: { lte: 5 } } } },
      { where: { amount: { where: { lte: 5 } } } },
      ...[
        { in: [5] },
        { in: [5, 6] },
        { exists: true },
        { exists: false },
        { startsWith: 'a' },
        { endsWith: 'a' },
        { startsWith: 'b' },
        { not: { gt: 1, lt: 3 } },
        { not: { gt: 1, lt: 4 } },
        { every: { gt: 1, lt: 3 } },
        { some: { gt: 1, lt: 3 } },
        { every: { where: { a: 1 } } },
        { every: { where: { b: 1 } } },
        { where: { a: { where: { b: 1 } } } },
        { path: '/a' },
        { path: '/b' },
        { path: { glob: '/a' } },
        { path: { under: '/a', base: '/x' } },
        { domain: 'a.b' },
        { domain: '*.a.b' },
        { domain: 'http://a.b' },
        { domain: 'a.b:8080' },
        { domain: ['a.b', 'c.d'] },
        { email: 'a@b.c' },
        { email: '*@b.c' },
        { email: '*@*.b.c' },
        { command: 'a' },
        { command: [['a']] },
        { command: [['a', '**']] },
        { amount: { lte: 6 } },
        { amount: { lte: '6' } },
        { amount: { lt: 6 } },
        5,
        '5',
        true,
        null,
      ].map((amount) => ({ where: { amount } })),
      { when: () => true },
      { when: () => false },
      { mode: 'shadow' },
      { reason: 'because' },
      { approve: {} },
      { approve: { by: 'ann' } },
      { approve: { by: ['bob', 'ann'] } },
      { approve: { by: ['bob', 'ann'], quorum: 2 } },
      { approve: { by: 'bob', expires: '1h' } },
      { approve: { by: 'bob', editable: ['amount'] } },
      { approve: { by: 'bob', grants: ['session'] } },
    ];
    const parts: readonly PolicyDocument[] = [
      { mode: 'default' },
      { mode: 'readOnly' },
      { allow: [] },
      { allow: ['refund'] },
      { deny: ['other'] },
      { optional: ['other'] },
      { enforcement: 'observe' },
      { enforcement: 'shadow' },
      { capabilities: { grant: 'read-only' } },
      { capabilities: { grant: 'standard' } },
      { capabilities: { grant: 'standard', paths: [] } },
      { capabilities: { grant: 'standard', paths: ['/data'] } },
      { capabilities: { grant: 'standard', domains: ['a.b'] } },
      { capabilities: { grant: 'standard', maxFileSize: 5 } },
    ];
    const documents: readonly PolicyDocument[] = [
      ...rules.map((change) => ({ rules: [{ ...rule, ...change }] })),
      ...parts.map((part) => ({ ...base, ...part })),
      { layer: 'restricts', rules: [{ ...rule, effect: 'ask' }] },
      { rules: [] },
    ];
    const digests = documents.map((document) => compilePolicy(document).digest({}));
    expect(new Set(digests).size).toBe(documents.length);
  });

  it('names the rule that allows this call, whichever allowed the one before', async () => {
    const rules: RuleDocument[] = [
      { ...refunds, id: 'small', where: { amount: { lt: 5 } } },
      { ...refunds, id: 'large', where: { amount: { gte: 5 } } },
    ];
    const guard = createGuard({ policy: compilePolicy({ rules }) });
    for (const [amount, rule] of [
      [1, 'small'],
      [9, 'large'],
      [9, 'large'],
      [1, 'small'],
    ] as const) {
      expect(await guard.decide({ tool: 'refund', args: { amount } })).toMatchObject({ rule });
    }
  });
});
