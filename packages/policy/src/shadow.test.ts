import {
  allowAll,
  createGuard,
  layers,
  perUser,
  type Policy,
  standardPolicy,
} from '@guardstile/core';
import { describe, expect, it } from 'vitest';
import type { Enforcement, RuleDocument } from './document.ts';
import type { Explanation } from './explain.ts';
import { compilePolicy } from './rule-policy.ts';
import { shadow, type ShadowReport } from './shadow.ts';

const rules: RuleDocument[] = [
  { id: 'reads', effect: 'allow', tool: 'read' },
  { id: 'refunds', effect: 'allow', tool: 'refund' },
  { id: 'large', effect: 'ask', tool: 'refund', where: { amount: { gt: 500 } } },
  { id: 'never', effect: 'deny', tool: 'refund', where: { amount: { gt: 1000 } } },
];

interface Run {
  readonly effect: string;
  readonly reports: readonly Explanation[];
}

async function run(
  enforcement: Enforcement,
  tool: string,
  args: unknown,
  more: object = {},
): Promise<Run> {
  const reports: Explanation[] = [];
  const tried = compilePolicy(
    { enforcement, rules, ...more },
    { report: (one) => reports.push(one) },
  );
  const policy =
    enforcement === 'shadow'
      ? layers([
          { name: 'now', grants: allowAll() },
          { name: 'tried', restricts: tried },
        ])
      : tried;
  const { effect } = await createGuard({ policy }).decide({ tool, args });
  return { effect, reports };
}

describe('a whole policy', () => {
  it('in shadow decides nothing and reports what it would have decided', async () => {
    for (const [amount, would] of [
      [501, 'ask'],
      [1001, 'deny'],
    ] as const) {
      const { effect, reports } = await run('shadow', 'refund', { amount });
      expect(effect).toBe('allow');
      expect(reports).toMatchObject([
        { verdict: 'none', flips: [{ rule: undefined, from: 'none', would }] },
      ]);
    }
    expect((await run('shadow', 'other', {})).effect).toBe('allow');
  });

  it('in shadow cannot be the policy that grants', () => {
    const tried = compilePolicy({ enforcement: 'shadow', rules });
    expect(() => createGuard({ policy: tried })).toThrow('only restricts');
    expect(() => layers([{ name: 'tried', grants: tried }])).toThrow('only restricts');
  });

  it('in observe enforces what is explicitly denied, and reports the rest', async () => {
    expect(await run('observe', 'refund', { amount: 5 })).toEqual({ effect: 'allow', reports: [] });
    expect(await run('observe', 'refund', { amount: 501 })).toMatchObject({
      effect: 'allow',
      reports: [{ verdict: 'allow', flips: [{ from: 'allow', would: 'ask' }] }],
    });
    expect(await run('observe', 'other', {})).toMatchObject({
      effect: 'allow',
      reports: [{ flips: [{ from: 'allow', would: 'deny' }] }],
    });
    expect((await run('observe', 'refund', { amount: 1001 })).effect).toBe('deny');
    expect((await run('observe', 'refund', { amount: '5' })).effect).toBe('deny');
    expect((await run('observe', 'read', {}, { deny: ['read'] })).effect).toBe('deny');
    expect((await run('observe', 'read', {}, { allow: [] })).effect).toBe('allow');
  });

  it('in observe weakens nothing that others demand', async () => {
    const policy = layers([
      { name: 'observed', grants: compilePolicy({ enforcement: 'observe', rules }) },
      { name: 'org', restricts: () => 'ask' },
    ]);
    expect((await createGuard({ policy }).decide({ tool: 'other', args: {} })).effect).toBe('ask');
    const guard = createGuard({ policy: compilePolicy({ enforcement: 'observe', rules }) });
    const demanded = guard.tool({ name: 'other' }).decide({ args: {}, demands: ['ask'] });
    expect((await demanded).effect).toBe('ask');
  });

  it('has another digest for what is in force of it', () => {
    const digests = (['enforce', 'observe', 'shadow'] as const).map((enforcement) =>
      compilePolicy({ enforcement, rules }).digest({}),
    );
    expect(new Set(digests).size).toBe(3);
  });
});

describe('shadow()', () => {
  async function reported(
    enforced: Policy,
    candidate: Policy,
    as: 'layer' | 'replacement',
  ): Promise<readonly [effect: string, reports: readonly ShadowReport[]]> {
    const reports: ShadowReport[] = [];
    const policy = shadow({ enforced, candidate, as, report: (one) => reports.push(one) });
    const decision = await createGuard({ policy }).decide({
      tool: 'refund',
      args: { amount: 501 },
    });
    await Promise.resolve();
    return [decision.effect, reports];
  }
  const rulePolicy = compilePolicy({ rules }, { name: 'new' });

  it('tells what another layer would have restricted', async () => {
    expect(await reported(allowAll(), rulePolicy, 'layer')).toEqual([
      'allow',
      [
        {
          policy: 'new',
          tool: 'refund',
          rid: expect.stringMatching(/./) as string,
          from: 'allow',
          would: 'ask',
          rule: 'large',
          reason: 'a rule asks for approval',
        },
      ],
    ]);
    expect(await reported(standardPolicy(), rulePolicy, 'layer')).toEqual(['ask', []]);
    expect(await reported(rulePolicy, allowAll(), 'layer')).toEqual(['ask', []]);
  });

  it('tells what another policy in its place would have decided', async () => {
    expect(await reported(rulePolicy, allowAll(), 'replacement')).toMatchObject([
      'ask',
      [{ from: 'ask', would: 'allow' }],
    ]);
    const denying = compilePolicy({});
    expect(await reported(denying, allowAll(), 'replacement')).toMatchObject([
      'deny',
      [{ from: 'deny', would: 'allow' }],
    ]);
  });

  it('takes a candidate that fails for one that denies, and goes on', async () => {
    const broken = (resolve: Policy['resolve']): Policy => ({
      ...allowAll(),
      name: 'broken',
      resolve,
    });
    const throwing = broken(() => () => {
      throw new Error('broken');
    });
    const rejecting = broken(() => async () => {
      throw new Error('later');
    });
    expect(await reported(allowAll(), throwing, 'layer')).toMatchObject([
      'allow',
      [{ would: 'deny' }],
    ]);
    const unresolved = broken(() => {
      throw new Error('unresolved');
    });
    expect(await reported(allowAll(), unresolved, 'layer')).toMatchObject([
      'allow',
      [{ would: 'deny' }],
    ]);
    expect(await reported(allowAll(), rejecting, 'layer')).toMatchObject([
      'allow',
      [{ would: 'deny' }],
    ]);
  });

  it('never waits for the candidate', async () => {
    const hanging: Policy = {
      ...allowAll(),
      resolve: () => () => new Promise<never>(() => undefined),
    };
    expect(await reported(allowAll(), hanging, 'layer')).toEqual(['allow', []]);
  });

  it('is refused where it makes no sense', () => {
    const report = (): void => undefined;
    const options = { enforced: allowAll(), candidate: rulePolicy, report };
    expect(() => shadow({ ...options, as: 'other' as never })).toThrow('"layer" or "replacement"');
    const candidate = compilePolicy({ layer: 'restricts' });
    expect(() => shadow({ ...options, candidate, as: 'replacement' })).toThrow(
      'can take the place',
    );
  });
});

describe('a guard', () => {
  const weekend: RuleDocument = { id: 'weekend', effect: 'deny', tool: 'refund', mode: 'shadow' };
  const wide = { id: 'all', effect: 'allow', tool: '*' } as const;
  const tried: Readonly<Record<string, Policy>> = {
    'a rule': compilePolicy({ rules: [wide, weekend] }, { name: 'p' }),
    'a rule of one of several layers': layers([
      { name: 'all', grants: allowAll() },
      {
        name: 'p',
        restricts: compilePolicy({ layer: 'restricts', rules: [weekend] }, { name: 'p' }),
      },
    ]),
    'a rule of the policy of a user': perUser({
      default: compilePolicy({ rules: [wide, weekend] }, { name: 'p' }),
    }),
    'a whole policy': compilePolicy({ enforcement: 'observe' }, { name: 'p' }),
    'another policy': shadow({
      enforced: allowAll(),
      candidate: compilePolicy({}, { name: 'p' }),
      as: 'replacement',
    }),
  };

  it.each(Object.entries(tried))('logs what %s would have changed', async (_, policy) => {
    const guard = createGuard({ policy });
    const told: unknown[] = [];
    guard.on('policy.flip', ({ policy: name, would, tool }) =>
      told.push([name, would, tool?.name]),
    );
    const context = { principal: { id: 'ann' } };
    expect(await guard.call({ tool: 'refund', args: {}, context }, () => 'done')).toBe('done');
    await guard.close();
    expect(told).toEqual([['p', 'deny', 'refund']]);
    const [entry, ...others] = (await guard.audit?.query({ action: 'policy.flip' })) ?? [];
    expect(entry).toMatchObject({
      kind: 'policy',
      tool: 'refund',
      user: 'ann',
      payload: { policy: 'p', would: 'deny' },
    });
    expect(others).toEqual([]);
    const [allow] = (await guard.audit?.query({ action: 'tool.allow' })) ?? [];
    expect(entry?.rid).toBe(allow?.rid);
  });

  it('knows a tool as denied whatever is tried out', () => {
    const allowing: RuleDocument = { id: 'b', effect: 'allow', tool: 'rm', mode: 'shadow' };
    const policy = compilePolicy({ deny: ['rm'], rules: [allowing] });
    expect(createGuard({ policy }).tool({ name: 'rm' }).fixed()?.effect).toBe('deny');
  });
});
