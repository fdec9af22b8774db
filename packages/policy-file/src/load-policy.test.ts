import {
  type CallContext,
  createGuard,
  type Decision,
  type DenyDecision,
  factsOf,
  type Mode,
  type Policy,
  perAgent,
  perUser,
  standardPolicy,
  toolPolicy,
  type ToolInfo,
} from '@guardstile/core';
import { capabilities } from '@guardstile/policy';
import { describe, expect, it } from 'vitest';

import { loadPolicy } from './load-policy.ts';

const load = (text: string, options = {}) => loadPolicy({ text, name: 'test.yaml' }, options);

const TOOLS: readonly ToolInfo[] = [
  ['read_notes', 'readOnly'],
  ['add_note', 'nonDestructive'],
  ['write_file', 'edit'],
  ['drop_table', 'destructive'],
  ['refund', 'money'],
  ['mystery', undefined],
].map(([name = '', fact]) => ({
  identity: { source: 'app', name },
  facts: factsOf(name, { stated: fact as 'edit' | undefined }),
}));

async function effectOf(policy: Policy, tool: ToolInfo, context = {}): Promise<Decision['effect']> {
  const ruling = policy.resolve(tool);
  const call = {
    rid: 'r',
    id: 'c',
    tool: tool.identity,
    facts: tool.facts,
    args: {},
    confined: {},
    labels: [],
  };
  const opinion = await (typeof ruling === 'function' ? ruling(call, context) : ruling);
  return opinion?.effect ?? 'deny';
}

const MODES: readonly Mode[] = [
  'default',
  'acceptEdits',
  'bypassPermissions',
  'readOnly',
  'dontAsk',
];
const LISTS: readonly { readonly allow?: string[]; readonly deny?: string[] }[] = [
  {},
  { deny: ['refund', 'read_notes'] },
  { allow: ['read_notes', 'drop_table', 'write_file'] },
  { allow: [] },
  { allow: ['read_notes', 'refund'], deny: ['refund'] },
];

describe('what the seeds express means the same in a file', () => {
  it.each(MODES.flatMap((mode) => LISTS.map((lists) => ({ mode, ...lists }))))(
    'standardPolicy $mode, allow $allow, deny $deny',
    async (options) => {
      const [code, file] = [
        standardPolicy(options),
        load(JSON.stringify({ version: 1, ...options })),
      ];
      for (const tool of TOOLS) {
        expect([tool.identity.name, await effectOf(file, tool)]).toEqual([
          tool.identity.name,
          await effectOf(code, tool),
        ]);
      }
    },
  );

  it.each([
    {},
    { deny: ['drop_table'] },
    { allow: ['refund'] },
    { allow: [] },
    { optional: ['refund'] },
    { optional: ['refund'], allow: ['refund', 'mystery'] },
    { allow: ['refund'], deny: ['refund'] },
  ])('toolPolicy %j', async (lists) => {
    const code = toolPolicy(lists);
    const file = load(JSON.stringify({ version: 1, default: 'allow', ...lists }));
    for (const tool of TOOLS) expect(await effectOf(file, tool)).toBe(await effectOf(code, tool));
  });

  it('a policy per user with a default, tenants included', async () => {
    const file = load(`
version: 1
mode: default
deny: [refund]
users:
  - { id: alice, policy: { mode: bypassPermissions } }
  - { id: alice, tenant: acme, policy: { mode: acceptEdits } }
`);
    const code = perUser({
      default: standardPolicy({ deny: ['refund'] }),
      policies: { alice: standardPolicy({ mode: 'bypassPermissions' }) },
    });
    code.set({ id: 'alice', tenant: 'acme' }, standardPolicy({ mode: 'acceptEdits' }));
    const people = [undefined, { id: 'alice' }, { id: 'alice', tenant: 'acme' }, { id: 'bob' }];
    for (const tool of TOOLS) {
      for (const principal of people) {
        const context = principal === undefined ? {} : { principal };
        expect(await effectOf(file, tool, context)).toBe(await effectOf(code, tool, context));
        const { name } = tool.identity;
        const facts = name === 'mystery' ? {} : { facts: factOf(name) };
        expect(file.explain({ tool: name, context, ...facts }).verdict).toBe(
          await effectOf(code, tool, context),
        );
      }
    }
  });

  it('a policy per agent that takes the place of the global one', async () => {
    const file = load(`
version: 1
default: allow
deny: [drop_table]
agents: [{ id: coder, policy: { allow: [drop_table], default: allow } }]
`);
    const code = perAgent({
      default: toolPolicy({ deny: ['drop_table'] }),
      policies: { coder: toolPolicy({ allow: ['drop_table'] }) },
    });
    for (const tool of TOOLS) {
      for (const context of [{}, { agent: 'coder' }, { agent: 'other' }]) {
        expect(await effectOf(file, tool, context)).toBe(await effectOf(code, tool, context));
      }
    }
  });

  it('capabilities with paths, domains and a largest file', async () => {
    const document = {
      grant: 'standard' as const,
      paths: ['/data/faq'],
      domains: ['api.example.com'],
      maxFileSize: 10,
    };
    const file = load(JSON.stringify({ version: 1, capabilities: document }));
    const code = capabilities(document);
    const calls = [
      { tool: 'read_file', args: { path: '/data/faq/a.md' } },
      { tool: 'read_file', args: { path: '/etc/passwd' } },
      { tool: 'read_file', args: {} },
      { tool: 'write_file', args: { path: '/data/faq/a.md', content: 'more than ten' } },
      { tool: 'fetch_url', args: { url: 'https://api.example.com/x' } },
      { tool: 'fetch_url', args: { url: 'https://example.org' } },
      { tool: 'execute_code', args: { code: '1' } },
      { tool: 'unheard_of', args: {} },
    ];
    const verdicts = calls.map((call) => file.explain(call).verdict);
    expect(verdicts).toEqual(calls.map((call) => code.explain(call).verdict));
    expect(new Set(verdicts)).toEqual(new Set(['allow', 'deny']));
  });
});

function factOf(name: string): 'readOnly' | 'nonDestructive' | 'edit' | 'destructive' | 'money' {
  if (name === 'read_notes') return 'readOnly';
  if (name === 'add_note') return 'nonDestructive';
  if (name === 'write_file') return 'edit';
  return name === 'refund' ? 'money' : 'destructive';
}

describe('a policy file', () => {
  it('governs a guard', async () => {
    const guard = createGuard({
      policy: load(
        'version: 1\nrules: [{ id: a, effect: allow, tool: x, where: { n: { lte: 5 } } }]',
      ),
    });
    expect((await guard.decide({ tool: 'x', args: { n: 5 } })).rule).toBe('a');
    expect((await guard.decide({ tool: 'x', args: { n: 6 } })).effect).toBe('deny');
    await guard.close();
  });

  it('may be JSON', () => {
    const policy = load(
      '{\n\t"version": 1,\n\t"rules": [{ "id": "a", "effect": "allow", "tool": "x" }]\n}',
    );
    expect(policy.rules).toEqual(['a']);
  });

  it('has named sets, alone or among other items', () => {
    const policy = load(`
version: 1
sets: { eu: [EUR, CHF], readers: [a, b] }
rules:
  - { id: one, effect: allow, tool: { $set: readers }, where: { c: { in: [USD, { $set: eu }] } } }
`);
    expect(policy.explain({ tool: 'b', args: { c: 'CHF' } }).verdict).toBe('allow');
    expect(policy.explain({ tool: 'a', args: { c: 'USD' } }).verdict).toBe('allow');
    expect(policy.explain({ tool: 'a', args: { c: 'GBP' } }).verdict).toBe('deny');
  });

  it('takes numbers and texts from declared environment variables only', () => {
    const text = `
version: 1
env: { MAX: { type: number, default: 5 }, WHO: { type: text } }
rules:
  - { id: a, effect: allow, tool: x, who: { id: { $env: WHO } }, where: { n: { lte: { $env: MAX } } } }
`;
    const verdict = (env: Record<string, string>, n: number): string =>
      load(text, { env }).explain({ tool: 'x', args: { n }, context: { principal: { id: 'ann' } } })
        .verdict;
    expect(verdict({ WHO: 'ann' }, 5)).toBe('allow');
    expect(verdict({ WHO: 'ann', MAX: '7.5' }, 7)).toBe('allow');
    expect(verdict({ WHO: 'bob' }, 5)).toBe('deny');
    expect(() => load(text, { env: { MAX: '1e3', WHO: 'ann' } })).toThrow(/MAX has to be a number/);
    expect(() => load(text, { env: {} })).toThrow(/WHO has to be set/);
    expect(() => load(text.replace('$env: MAX', '$env: PATH'), { env: { WHO: 'ann' } })).toThrow(
      /test\.yaml:5:\d+: there is no environment variable "PATH"/,
    );
  });

  it('asks the application for sets, for everybody or for whoever calls', async () => {
    const text = `
version: 1
sets: { mine: { given: text } }
rules: [{ id: a, effect: allow, tool: x, where: { to: { in: { $set: mine } } } }]
`;
    expect(() => load(text)).toThrow(/test\.yaml:3:\d+: the application has to give it/);
    expect(
      load(text, { sets: { mine: ['A'] } }).explain({ tool: 'x', args: { to: 'A' } }).verdict,
    ).toBe('allow');
    const policy = load(text, {
      sets: {
        mine: ({ principal }: { principal?: { id: string } }) => {
          if (principal === undefined) throw new Error('who is it?');
          return [principal.id.toUpperCase()];
        },
      },
    });
    const guard = createGuard({ policy });
    const decided = async (id: string | undefined, to: string) => {
      const { effect, policy: by } = await guard
        .with(id === undefined ? {} : { principal: { id } })
        .decide({ tool: 'x', args: { to } });
      return { effect, by };
    };
    const [ann, bob] = [await decided('ann', 'ANN'), await decided('bob', 'BOB')];
    expect([ann.effect, bob.effect]).toEqual(['allow', 'allow']);
    expect(ann.by).not.toBe(bob.by);
    expect((await decided('ann', 'BOB')).effect).toBe('deny');
    // No list, no decision.
    expect((await decided(undefined, 'ANN')).effect).toBe('deny');
    await guard.close();
  });

  it.each([
    ['rules: [{ id: a, effect: allow, tool: { $set: names } }]', '*'],
    ['rules: [{ id: a, effect: allow, tool: [y, { $set: names }] }]', 'x*'],
    ['{ default: allow, allow: { $set: names } }', '*'],
    ['{ default: allow, deny: { $set: names } }', 'y*'],
    [
      'rules: [{ id: a, effect: allow, tool: x, where: { to: { email: { $set: names } } } }]',
      '*@b.c',
    ],
    [
      'rules: [{ id: a, effect: allow, tool: x, where: { to: { domain: { $set: names } } } }]',
      '*.b.c',
    ],
    [
      'rules: [{ id: a, effect: allow, tool: x, where: { to: { command: { $set: names } } } }]',
      'a *',
    ],
    ['capabilities: { grant: full, domains: { $set: names } }', '*.b.c'],
  ])('takes no pattern from the application: %s', async (place, pattern) => {
    const rest = place.startsWith('{') ? place.slice(2, -2).replace(', ', '\n') : place;
    const example = pattern.replace('*', 'x');
    const text = `version: 1\nsets: { names: { given: text, example: ['${example}'] } }\n${rest}`;
    expect(() => load(text, { sets: { names: [pattern] } })).toThrow(
      `"${pattern}" in the set "names" would be a pattern`,
    );
    const guard = createGuard({ policy: load(text, { sets: { names: () => [pattern] } }) });
    const { effect, code } = (await guard.decide({
      tool: 'x',
      args: { to: 'x@b.c' },
    })) as DenyDecision;
    expect([effect, code]).toEqual(['deny', 'policy_error']);
    await guard.close();
  });

  it('takes what looks like a pattern as it is, where there are none', () => {
    const plain =
      'version: 1\nsets: { names: { given: text } }\nrules: [{ id: a, effect: allow, tool: x, where: { to: { in: { $set: names } } } }]';
    const { verdict } = load(plain, { sets: { names: ['*'] } }).explain({
      tool: 'x',
      args: { to: 'b' },
    });
    expect(verdict).toBe('deny');
    // What the file itself says may be one.
    expect(
      load("version: 1\nsets: { s: ['x*'] }\ndefault: allow\ndeny: { $set: s }").explain({
        tool: 'xy',
      }).verdict,
    ).toBe('deny');
  });

  it.each([
    ['tool: { $set: s }', 'deny', 'allow'],
    ['tool: { $set: s }', 'allow', 'allow'],
    ["tool: '*', who: { id: { $set: s } }", 'deny', 'allow'],
    ["tool: '*', where: { at: { path: { $set: s } } }", 'deny', 'allow'],
    ["tool: '*', where: { at: { path: { under: { $set: s } } } }", 'ask', 'allow'],
    ["tool: '*', where: { at: { in: { $set: s } } }", 'deny', 'allow'],
  ])(
    'takes a given set without members for nothing: %s of a rule that would %s',
    (part, effect, then) => {
      const text = `version: 1
sets: { s: { given: text, example: [/x] } }
default: allow
rules: [{ id: a, effect: ${effect}, ${part} }]`;
      const call = { tool: 'x', args: { at: '/x' }, context: { principal: { id: '/x' } } };
      for (const s of [[], () => []]) {
        expect(load(text, { sets: { s } }).explain(call).verdict).toBe(then);
      }
      expect(load(text, { sets: { s: ['x', '/x'] } }).explain(call).verdict).toBe(effect);
    },
  );

  it('answers for its capabilities without a tool, for whoever calls', () => {
    const chosen = load(`
version: 1
capabilities: { grant: read-only, paths: [/data] }
users: [{ id: ann, policy: { capabilities: { grant: full } } }]
`);
    expect(chosen.checkCapability('readFile', '/data/x').effect).toBe('allow');
    expect(chosen.checkCapability('readFile', '/etc/x').effect).toBe('deny');
    expect(chosen.checkCapability('sendEmail').effect).toBe('deny');
    const ann = { principal: { id: 'ann' } };
    expect(chosen.checkCapability('sendEmail', undefined, ann).effect).toBe('allow');
    expect(chosen.checkCapability('frobnicate', undefined, ann).effect).toBe('deny');
    const given = load(
      'version: 1\nsets: { mine: { given: text } }\ncapabilities: { grant: standard, paths: { $set: mine } }',
      { sets: { mine: ({ principal }: CallContext) => [`/home/${principal?.id}`] } },
    );
    const of = (id: string): string =>
      given.checkCapability('readFile', '/home/ann/x', { principal: { id } }).effect;
    expect([of('ann'), of('bob')]).toEqual(['allow', 'deny']);
    expect(load('version: 1\ndefault: allow').checkCapability('readFile').effect).toBe('deny');
  });

  it('means by capabilities beside rules what it means by them alone', () => {
    for (const beside of ['default: allow', "rules: [{ id: a, effect: allow, tool: '*' }]"]) {
      const policy = load(`version: 1\ncapabilities: { grant: read-only }\n${beside}`);
      const verdict = (tool: string): string => policy.explain({ tool }).verdict;
      expect(['refund', 'frobnicate', 'read_file'].map(verdict)).toEqual(['deny', 'deny', 'allow']);
    }
  });

  it('states what tools do, which never makes one more harmless than the code says', async () => {
    const text =
      'version: 1\nmode: default\nfacts: { drop_view: readOnly, refund: readOnly, mystery: readOnly }';
    const policy = load(text);
    const tool = (name: string, stated?: 'money'): ToolInfo => ({
      identity: { source: 'app', name },
      facts: factsOf(name, { stated }),
    });
    expect(await effectOf(policy, tool('mystery'))).toBe('allow');
    expect(await effectOf(policy, tool('drop_view'))).toBe('allow');
    expect(await effectOf(policy, tool('refund', 'money'))).toBe('ask');
    const remote = { ...tool('mystery'), identity: { source: 'mcp.example', name: 'mystery' } };
    expect(await effectOf(policy, remote)).toBe('ask');
    expect(policy.facts).toEqual({
      drop_view: 'readOnly',
      refund: 'readOnly',
      mystery: 'readOnly',
    });
    expect(policy.digest({})).not.toBe(load('version: 1\nmode: default').digest({}));
  });

  it('says what has to be done with results, for all rules together', async () => {
    const policy = load(`
version: 1
rules:
  - { id: all, effect: allow, tool: '*' }
  - { id: mask, effect: allow, tool: get_user, obligations: [{ type: redact, fields: [iban] }] }
  - { id: short, effect: allow, tool: get_user, where: { long: true }, obligations: [{ type: cap, characters: 5 }] }
`);
    const guard = createGuard({ policy });
    const run = (tool: string, args: object) =>
      guard.call({ tool, args }, () => ({ iban: 'XX12', note: 'abcdefgh' }));
    expect(await run('get_other', {})).toEqual({ iban: 'XX12', note: 'abcdefgh' });
    expect(await run('get_user', { long: false })).toMatchObject({ note: 'abcdefgh' });
    expect(JSON.stringify(await run('get_user', { long: false }))).not.toContain('XX12');
    expect(JSON.stringify(await run('get_user', { long: true }))).not.toContain('fgh');
    await guard.close();
  });
});
