import { type AuditEntry, createGuard, type GuardOptions, memoryAudit } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { loadPolicy } from '../load-policy.ts';
import { comparePolicies, type CompareOptions } from './compare-policies.ts';
import type { ReplayReport } from './replay-report.ts';

interface Call {
  readonly tool: string;
  readonly args?: unknown;
}

const source = (text: string): { readonly text: string; readonly name: string } => ({
  text: `version: 1\n${text}`,
  name: 'policy.yaml',
});

/** What a guard writes of calls that it really decides. */
async function recorded(
  calls: readonly Call[],
  options: Partial<GuardOptions> = {},
): Promise<readonly AuditEntry[]> {
  const audit = memoryAudit();
  const guard = createGuard({
    policy: () => 'allow',
    audit,
    context: { principal: { id: 'ann', tenant: 't', roles: ['staff'] } },
    ...options,
  });
  for (const { tool, args = {} } of calls) {
    await guard.call({ tool, args }, () => 1).catch(() => undefined);
  }
  await guard.close();
  return audit.query();
}

async function replayed(
  before: string,
  after: string,
  calls: readonly Call[],
  options: CompareOptions = {},
): Promise<ReplayReport> {
  const comparison = await comparePolicies(source(before), source(after), options);
  return comparison.replay(await recorded(calls));
}

const amounts = (...list: readonly number[]): readonly Call[] =>
  list.map((amount) => ({ tool: 'refund', args: { amount } }));

const upTo = (amount: number): string =>
  `rules: [{ id: small, effect: allow, tool: refund, where: { amount: { lte: ${amount} } } }]`;

const inSet =
  'rules: [{ id: a, effect: allow, tool: refund, where: { amount: { in: { $set: n } } } }]';
const upToEnv =
  'rules: [{ id: a, effect: allow, tool: refund, where: { amount: { lte: { $env: N } } } }]';

describe('replaying recorded calls', () => {
  it('lists those whose verdict changes, by tool and change, with what decides', async () => {
    const report = await replayed(upTo(100), upTo(50), amounts(10, 60, 70, 500));
    expect(report).toMatchObject({ calls: 4, same: 2, untold: [], byNames: 0 });
    expect(report.changed).toEqual([
      {
        tool: 'refund',
        source: 'app',
        before: { effect: 'allow', rule: 'small', reason: 'a rule allows it', needs: [] },
        after: { effect: 'deny', rule: undefined, reason: 'no rule allows it', needs: [] },
        widens: false,
        calls: 2,
        examples: [expect.stringMatching(/^rid_/), expect.stringMatching(/^rid_/)],
      },
    ]);
  });

  it('puts what widens first', async () => {
    const after = `rules:
  - { id: small, effect: allow, tool: refund, where: { amount: { lte: 300, gt: 60 } } }`;
    const report = await replayed(upTo(100), after, amounts(10, 20, 30, 200));
    expect(report.changed.map(({ widens, calls }) => [widens, calls])).toEqual([
      [true, 1],
      [false, 3],
    ]);
  });

  it('decides as the policies themselves do in a guard', async () => {
    const texts = [
      upTo(100),
      `mode: default\nfacts: { refund: readOnly }\ndeny: [wipe]`,
      `default: ask\nrules: [{ id: ann, effect: allow, tool: '*', who: { id: ann, tenant: t } }]`,
      `default: allow\nusers: [{ id: ann, tenant: t, policy: { default: deny } }]`,
      `capabilities: { grant: [readFile], paths: [/data] }\nfacts: { load: readFile }`,
    ];
    const calls = [
      ...amounts(1, 100, 101),
      { tool: 'wipe' },
      { tool: 'load', args: { path: '/data/x' } },
      { tool: 'load', args: { path: '/etc/x' } },
      { tool: 'refund', args: { amount: 'many' } },
    ];
    for (const before of texts) {
      for (const after of texts) {
        const effects = await Promise.all(
          [before, after].map((text) => {
            const guard = createGuard({
              policy: loadPolicy(source(text)),
              context: { principal: { id: 'ann', tenant: 't', roles: ['staff'] } },
            });
            return Promise.all(
              calls.map(async (call) => (await guard.decide({ args: {}, ...call })).effect),
            );
          }),
        );
        const [old = [], now = []] = effects;
        const expected = old.filter((effect, i) => effect !== now[i]).length;
        const { changed, untold } = await replayed(before, after, calls);
        expect(changed.reduce((sum, group) => sum + group.calls, 0)).toBe(expected);
        expect(untold).toEqual([]);
      }
    }
  });

  it.each([
    ['{ by: "role:a", quorum: 2 }', '{ by: "role:a" }', true],
    ['{ by: "role:a" }', '{ by: "role:a", quorum: 2 }', false],
    ['{ by: "role:a" }', '{ by: ["role:a", bob] }', true],
    ['{ by: ["role:a", bob] }', '{ by: bob }', false],
    ['{ by: bob }', '{}', true],
    ['{}', '{ by: bob }', true],
    ['{ expires: 1h }', '{ expires: 2h }', true],
    ['{ expires: 2h }', '{ expires: 1h }', false],
    ['{}', '{ editable: [amount] }', true],
    ['{ editable: [amount] }', '{}', false],
  ])('lists asks that need something else: %s, now %s', async (before, after, widens) => {
    const asks = (approve: string): string =>
      `rules: [{ id: a, effect: allow, tool: refund, approve: ${approve} }]`;
    const report = await replayed(asks(before), asks(after), amounts(5));
    expect(report).toMatchObject({
      same: 0,
      changed: [{ before: { effect: 'ask' }, after: { effect: 'ask' }, widens }],
    });
  });

  it('lists allowed calls whose result is no longer treated the same', async () => {
    const allows = (more: string): string =>
      `rules: [{ id: a, effect: allow, tool: refund${more} }]`;
    const redacted = allows(', obligations: [{ type: redact, fields: [iban] }]');
    const less = await replayed(redacted, allows(''), amounts(5));
    expect(less.changed).toMatchObject([{ widens: true, after: { effect: 'allow', needs: [] } }]);
    expect((await replayed(allows(''), redacted, amounts(5))).changed[0]?.widens).toBe(false);
  });

  it('counts a call once that was asked about and then ran', async () => {
    const entries = await recorded(amounts(5), { policy: () => 'ask', approver: () => 'approve' });
    expect(entries.filter(({ kind }) => kind === 'decision')).toHaveLength(2);
    const { replay } = await comparePolicies(source(upTo(1)), source(upTo(9)));
    expect(await replay(entries)).toMatchObject({ calls: 1, changed: [{ calls: 1 }] });
  });

  it.each([
    ['deny', 'default: allow', 'default: allow\ndeny: [refund]'],
    ['a deny list with a pattern', 'default: allow', "default: allow\ndeny: ['ref*']"],
    ['allow', 'default: allow', 'default: allow\nallow: [look]'],
    ['an empty allow list', 'default: allow', 'default: allow\nallow: []'],
    ['optional', 'default: allow', 'default: allow\noptional: [refund]'],
    ['default', 'default: allow', 'default: ask'],
    ['mode', 'mode: bypassPermissions', 'mode: default'],
    ['facts', 'mode: default', 'mode: default\nfacts: { refund: readOnly }'],
    ['capabilities', 'default: allow', 'default: allow\ncapabilities: { grant: [] }'],
    ['enforcement', upTo(1), `enforcement: observe\n${upTo(1)}`],
    ['users', 'default: allow', 'default: allow\nusers: [{ id: ann, tenant: t, policy: {} }]'],
    ['agents', 'default: allow', 'default: allow\nagents: [{ id: bot, policy: {} }]'],
    ['rules', upTo(1), upTo(9)],
    ['sets', `sets: { n: [1] }\n${inSet}`, `sets: { n: [5] }\n${inSet}`],
    [
      'env',
      `env: { N: { type: number, default: 1 } }\n${upToEnv}`,
      `env: { N: { type: number, default: 9 } }\n${upToEnv}`,
    ],
  ])('sees a change of %s', async (_, before, after) => {
    const entries = await recorded([...amounts(5), { tool: 'read_file' }], {
      context: { principal: { id: 'ann', tenant: 't' }, agent: 'bot' },
    });
    const { replay } = await comparePolicies(source(before), source(after));
    expect((await replay(entries)).changed).not.toEqual([]);
  });

  it('finds no change between files that mean the same', async () => {
    const other = `sets: { tools: [refund] }
rules: [{ id: small, effect: allow, tool: { $set: tools }, where: { amount: { lte: 100 } } }]`;
    const { replay, differences } = await comparePolicies(source(upTo(100)), source(other));
    expect(differences.filter(({ widens }) => widens).length).toBeLessThanOrEqual(1);
    expect(await replay(await recorded(amounts(1, 1000)))).toMatchObject({ calls: 2, same: 2 });
  });

  it('says nothing of an empty log', async () => {
    const { replay } = await comparePolicies(source(upTo(1)), source(upTo(2)));
    expect(await replay([])).toEqual({
      calls: 0,
      same: 0,
      byNames: 0,
      from: undefined,
      to: undefined,
      changed: [],
      untold: [],
    });
  });
});

/** As a log that keeps arguments elsewhere. */
function withoutArgs(entry: AuditEntry): AuditEntry {
  const { args, ...rest } = entry;
  return args === undefined ? entry : rest;
}

describe('what a log does not hold', () => {
  const login = (condition: string): string =>
    `rules: [{ id: login, effect: allow, tool: login, where: { ${condition} } }]`;

  it.each([
    ['a redacted field', { user: 'a', password: 'hunter2' }, 'password: { startsWith: h }'],
    ['a cut text', { user: 'a', text: 'x'.repeat(5000) }, 'text: { endsWith: x }'],
    [
      'a part of a redacted text',
      { text: 'my key is sk-abcdefghijklmnopqrstuvwxyz012345' },
      'text: { startsWith: my }',
    ],
    [
      'a field of a record that was cut',
      Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`f${i}`, 'x'])),
      'f2999: x',
    ],
    [
      'an item of a list that was cut',
      { l: Array.from({ length: 3000 }, () => 'x') },
      'l: { every: x }',
    ],
    ['an item that JSON lacks', { l: [undefined], password: 'x' }, 'l: { every: { eq: null } }'],
    ['bytes', { text: new Uint8Array([1]) }, 'text: x'],
    ['a field within', { o: { token: 'x' } }, 'o: { where: { token: x } }'],
  ])('cannot tell where %s decides', async (_, args, condition) => {
    const report = await replayed('rules: []', login(condition), [{ tool: 'login', args }]);
    expect(report.changed).toEqual([]);
    expect(report.untold).toMatchObject([{ tool: 'login', calls: 1 }]);
    expect(report.untold[0]?.because).toContain('redacted or cut');
  });

  it('tells where nothing of it decides', async () => {
    const args = { user: 'a', password: 'hunter2', more: { text: 'x'.repeat(5000) } };
    const report = await replayed('rules: []', login('user: a'), [{ tool: 'login', args }]);
    expect(report).toMatchObject({ untold: [], changed: [{ widens: true }] });
  });

  it('takes a text for itself that only looks like a mark of the log', async () => {
    const args = { text: '[redacted]', list: ['[3 more]'], '…': '[more]', at: { $date: 'x' } };
    const report = await replayed('rules: []', login("text: '[redacted]'"), [
      { tool: 'login', args },
    ]);
    expect(report).toMatchObject({ untold: [], changed: [{ calls: 1 }] });
  });

  it('restores values that JSON lacks', async () => {
    const args = { n: Number.NaN, big: 12n, at: new Date(0), set: new Set(['x']), user: 'a' };
    const report = await replayed('rules: []', login('n: { lt: 5 }, user: a'), [
      { tool: 'login', args },
    ]);
    expect(report).toMatchObject({ calls: 1, same: 1, untold: [] });
  });

  it('cannot tell by the roles of who called, and can by who it was', async () => {
    const who = (part: string): string =>
      `rules: [{ id: staff, effect: allow, tool: refund, who: { ${part} } }]`;
    const calls = amounts(1);
    expect(await replayed('rules: []', who('role: staff'), calls)).toMatchObject({
      changed: [],
      untold: [{ because: 'roles of who called' }],
    });
    expect(await replayed('rules: []', who('id: ann, tenant: t'), calls)).toMatchObject({
      changed: [{ after: { rule: 'staff' } }],
      untold: [],
    });
  });

  it('takes no example for a set that the application gives', async () => {
    const given = `sets: { payees: { given: text, example: [A] } }
rules: [{ id: pay, effect: allow, tool: pay, where: { to: { in: { $set: payees } } } }]`;
    const calls = [{ tool: 'pay', args: { to: 'B' } }];
    await expect(replayed('rules: []', given, calls)).rejects.toMatchObject({
      code: 'policy_invalid',
      message: expect.stringContaining('payees') as string,
    });
    expect(await replayed('rules: []', given, calls, { sets: { payees: ['B'] } })).toMatchObject({
      changed: [{ calls: 1 }],
    });
  });

  it('decides on tools that a set of the application names, and not by its name', async () => {
    const sets = 'sets: { s: { given: text } }\n';
    const rule = (effect: string): string =>
      `${sets}rules: [{ id: a, effect: ${effect}, tool: { $set: s } }]`;
    const options = { sets: { s: ['refund'] } };
    const { changed, same } = await replayed(rule('allow'), rule('deny'), amounts(1), options);
    expect([changed.map(({ before, after }) => [before.effect, after.effect]), same]).toEqual([
      [['allow', 'deny']],
      0,
    ]);
    const added = await replayed('rules: []', rule('allow'), amounts(1), options);
    expect(added.changed.map(({ widens }) => widens)).toEqual([true]);
    await expect(
      comparePolicies(source('rules: []'), source('rules: []'), options),
    ).rejects.toThrow('the file leaves no set "s" to the application');
  });

  it('cannot tell by arguments that the entry does not hold', async () => {
    const entries = (await recorded(amounts(1))).map(withoutArgs);
    const { replay } = await comparePolicies(source('rules: []'), source(upTo(5)));
    expect(await replay(entries)).toMatchObject({
      untold: [{ because: 'arguments that were not recorded' }],
    });
    const anyway = await comparePolicies(source('default: deny'), source('default: allow'));
    expect(await anyway.replay(entries)).toMatchObject({ changed: [{ calls: 1 }], untold: [] });
  });

  it('does not believe arguments that are not those of the digest', async () => {
    const entries = (await recorded(amounts(1))).map((entry) =>
      entry.kind === 'decision' ? { ...entry, args: { amount: 999 } } : entry,
    );
    const { replay } = await comparePolicies(source('rules: []'), source(upTo(5)));
    expect(await replay(entries)).toMatchObject({ changed: [], untold: [{ calls: 1 }] });
  });

  it('counts what only names of tools say', async () => {
    const calls = [{ tool: 'read_file' }];
    const modes = ['mode: default', 'mode: bypassPermissions'] as const;
    expect(await replayed(...modes, calls)).toMatchObject({ byNames: 1, changed: [{}] });
    const stated = await replayed(...modes, calls, { facts: { read_file: 'readOnly' } });
    expect(stated).toMatchObject({ byNames: 0, same: 1 });
  });
});

describe('a hostile log', () => {
  it('with names of prototypes is decided like any other', async () => {
    const args = JSON.parse('{"constructor":{"x":1},"toString":"s","valueOf":2}') as object;
    const text = `rules: [{ id: p, effect: allow, tool: constructor, where: { toString: s, valueOf: 2 } }]`;
    const report = await replayed('rules: []', text, [
      { tool: 'constructor', args },
      { tool: 'constructor' },
      { tool: '__proto__', args },
      { tool: 'hasOwnProperty', args },
    ]);
    expect(report).toMatchObject({
      calls: 4,
      same: 3,
      changed: [{ tool: 'constructor', calls: 1 }],
    });
  });

  it('of many different tools keeps a bounded number of groups', async () => {
    const [entry] = (await recorded(amounts(1))).filter(({ kind }) => kind === 'decision');
    function* entries(): Generator<AuditEntry> {
      for (let i = 0; i < 5000; i += 1) {
        yield { ...entry, rid: `r${i}`, tool: `tool${i}` } as AuditEntry; // as that one
      }
    }
    const { replay } = await comparePolicies(source('default: deny'), source('default: ask'));
    const { changed } = await replay(entries());
    expect(changed).toHaveLength(2001);
    expect(changed[0]).toMatchObject({ tool: '(further tools)', calls: 3000 });
  });

  it('nested deeper than anybody can look is told of nothing', async () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i += 1) deep = [deep];
    const entries = (await recorded(amounts(1))).map((entry) =>
      entry.kind === 'decision' ? { ...entry, args: { amount: 1, deep } } : entry,
    );
    const { replay } = await comparePolicies(source('rules: []'), source(upTo(5)));
    expect(await replay(entries)).toMatchObject({ untold: [{ calls: 1 }] });
  });

  it('ignores entries that only call themselves decisions', async () => {
    const entries = [
      { kind: 'decision', action: 'constructor', tool: 'x' },
      { kind: 'application', action: 'tool.allow', tool: 'x' },
      { kind: 'decision', action: 'tool.allow' },
      { kind: 'decision', action: 'tool.allow', tool: 5 },
    ] as unknown as AuditEntry[];
    const { replay } = await comparePolicies(source('default: deny'), source('default: ask'));
    expect(await replay(entries)).toMatchObject({ calls: 0 });
  });
});
