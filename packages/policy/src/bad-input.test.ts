import { createGuard, isGuardError } from '@guardstile/core';
import { afterEach, describe, expect, it } from 'vitest';
import { capabilities } from './capabilities/capabilities.ts';
import { definePolicy } from './define-policy.ts';
import type { RuleDocument } from './document.ts';
import { decisionPoint, type DecisionPointOptions } from './external/decision-point.ts';
import { checkPolicy, compilePolicy } from './rule-policy.ts';
import { policyWarnings } from './warnings/policy-warnings.ts';

const rule = { id: 'a', effect: 'allow', tool: 'refund' };

const cyclic: Record<string, unknown> = {};
cyclic['where'] = { where: cyclic };
cyclic['not'] = cyclic;

/** Each with a part of what is said of it. */
const refused: ReadonlyArray<readonly [what: string, document: unknown, said: string]> = [
  ['no object', 'allow', 'a policy has to be an object'],
  ['nothing', undefined, 'a policy has to be an object'],
  ['a list', [], 'a policy has to be an object'],
  ['an unknown key', { rulse: [] }, '"rulse" is not known in a policy (did you mean "rules"?)'],
  ['an unknown layer', { layer: 'grant' }, 'layer cannot be "grant" (did you mean "grants"?)'],
  ['an unknown mode', { mode: 'readonly' }, 'mode cannot be "readonly" (did you mean "readOnly"?)'],
  ['an unknown enforcement', { enforcement: 'off' }, 'enforcement cannot be "off"'],
  [
    'a mode that allows in a layer that restricts',
    { layer: 'restricts', mode: 'default' },
    'cannot',
  ],
  ['rules that are no list', { rules: {} }, 'rules have to be a list'],
  ['a rule that is no object', { rules: ['allow'] }, 'rules[0]: a rule has to be an object'],
  [
    'a hole in the list of rules',
    { rules: Array.from({ length: 1 }) },
    'rules[0]: a rule has to be an object',
  ],
  ['an unknown key of a rule', { rules: [{ ...rule, whre: {} }] }, 'did you mean "where"?'],
  ['an unknown effect', { rules: [{ ...rule, effect: 'alow' }] }, 'did you mean "allow"?'],
  [
    'an effect of another type',
    { rules: [{ ...rule, effect: true }] },
    'effect cannot be true; use allow, ask, deny',
  ],
  ['no effect', { rules: [{ id: 'a', tool: 'a' }] }, 'effect is missing; use allow, ask, deny'],
  ['an effect that is a list', { rules: [{ ...rule, effect: [] }] }, 'effect cannot be a list'],
  ['no effect', { rules: [{ id: 'a', tool: 'refund' }] }, 'rules[0].effect'],
  ['an unknown mode of a rule', { rules: [{ ...rule, mode: 'shadw' }] }, 'did you mean "shadow"?'],
  [
    'no id',
    { rules: [{ effect: 'allow', tool: 'x' }] },
    'rules[0].id: the id of a rule has to be text',
  ],
  ['an id of a space', { rules: [{ ...rule, id: ' ' }] }, 'starts or ends with a space'],
  [
    'an id that cannot be seen whole',
    { rules: [{ ...rule, id: 'a\0' }] },
    'rules[0].id: the id of a rule has control or format characters',
  ],
  [
    'a tool with a space before its name',
    { rules: [{ ...rule, tool: ' refund' }] },
    'rules[0].tool: tool starts or ends with a space',
  ],
  [
    'a tool in a list with a space behind its name',
    { rules: [{ ...rule, tool: ['refund', 'x\n'] }] },
    'rules[0].tool[1]: each item of tool starts or ends with a space',
  ],
  ['a name with a space on a list', { deny: ['refund '] }, 'deny[0]: the name of a tool starts'],
  ['an empty id', { rules: [{ ...rule, id: '' }] }, 'the id of a rule has to be text'],
  [
    'the same id twice',
    { rules: [rule, rule] },
    'rules[1].id: the id "a" is taken by another rule',
  ],
  ['no tool', { rules: [{ id: 'a', effect: 'allow' }] }, 'rules[0].tool: tool has to be text'],
  ['an empty list of tools', { rules: [{ ...rule, tool: [] }] }, 'is an empty list'],
  ['a pattern as a source', { rules: [{ ...rule, source: '*' }] }, 'a source has no pattern'],
  ['an allow in a layer that restricts', { layer: 'restricts', rules: [rule] }, 'allows nothing'],
  [
    'an obligation that nothing can honour',
    { rules: [{ ...rule, obligations: [{ type: 'encrypt', fields: ['a'] }] }] },
    'rules[0].obligations[0].type: what the guard does with a result cannot be "encrypt"',
  ],
  [
    'an obligation with a detail of another',
    { rules: [{ ...rule, obligations: [{ type: 'cap', characters: 5, fields: ['a'] }] }] },
    'cap has no fields',
  ],
  [
    'an obligation with a detail that is not known',
    { rules: [{ ...rule, obligations: [{ type: 'redact', field: ['a'] }] }] },
    'did you mean "fields"?',
  ],
  [
    'an obligation about nothing',
    { rules: [{ ...rule, obligations: [{ type: 'redact', fields: [] }] }] },
    'fields is an empty list',
  ],
  [
    'a cap that is no number',
    { rules: [{ ...rule, obligations: [{ type: 'cap', characters: '5' }] }] },
    'whole number',
  ],
  ['no obligations', { rules: [{ ...rule, obligations: [] }] }, 'it is an empty list'],
  [
    'obligations of a denial',
    { rules: [{ ...rule, effect: 'deny', obligations: [{ type: 'cap', characters: 5 }] }] },
    'what is denied has no result',
  ],
  [
    'limits of a denial',
    { rules: [{ ...rule, effect: 'deny', limits: [{ id: 'a', max: 1, window: '1d' }] }] },
    'uses nothing up',
  ],
  [
    'a limit without a window',
    { rules: [{ ...rule, limits: [{ id: 'a', max: 1 }] }] },
    'rules[0].limits[0].window',
  ],
  [
    'a limit that is NaN',
    { rules: [{ ...rule, limits: [{ id: 'a', max: Number.NaN, window: '1d' }] }] },
    'whole number',
  ],
  [
    'a limit that gives back',
    { rules: [{ ...rule, limits: [{ id: 'a', max: 1, window: '1d', amount: -1 }] }] },
    '1 or more',
  ],
  [
    'a limit of nobody',
    { rules: [{ ...rule, limits: [{ id: 'a', max: 1, window: '1d', per: 'user' }] }] },
    'per cannot be "user"',
  ],
  [
    'two limits with one name',
    {
      rules: [
        { ...rule, limits: [{ id: 'a', max: 1, window: '1d' }] },
        { ...rule, id: 'b', limits: [{ id: 'a', max: 2, window: '1d' }] },
      ],
    },
    'rules[1].limits[0].id: "a" is another limit elsewhere',
  ],
  [
    'approval of a denial',
    { rules: [{ ...rule, effect: 'deny', approve: {} }] },
    'nobody can approve',
  ],
  [
    'a when that is no function',
    { rules: [{ ...rule, when: 'true' }] },
    'when has to be a function',
  ],
  ['an empty where', { rules: [{ ...rule, where: {} }] }, 'it names no field'],
  ['a where that is a list', { rules: [{ ...rule, where: [] }] }, 'where has to be an object'],
  [
    'a where of a class',
    {
      rules: [
        {
          ...rule,
          where: new (class A {
            b = 1;
          })(),
        },
      ],
    },
    'plain object',
  ],
  ['a list as a condition', { rules: [{ ...rule, where: { a: ['x'] } }] }, 'use { in: [...] }'],
  ['an empty condition', { rules: [{ ...rule, where: { a: {} } }] }, 'it has no operator'],
  [
    'an unknown operator',
    { rules: [{ ...rule, where: { a: { ltee: 5 } } }] },
    'did you mean "lte"?',
  ],
  [
    'an unknown operator among known ones',
    { rules: [{ ...rule, where: { a: { gt: 1, lt3: 5 } } }] },
    '"lt3" is no operator',
  ],
  [
    'a regular expression',
    { rules: [{ ...rule, where: { a: { regex: '(a+)+$' } } }] },
    '"regex" is no operator',
  ],
  ['a RegExp as a condition', { rules: [{ ...rule, where: { a: /(a+)+$/ } }] }, 'where.a'],
  [
    'NaN where a number is due',
    { rules: [{ ...rule, where: { a: { lt: Number.NaN } } }] },
    'lt needs a finite number',
  ],
  [
    'Infinity where a number is due',
    { rules: [{ ...rule, where: { a: { lt: Infinity } } }] },
    'finite',
  ],
  ['NaN as a value', { rules: [{ ...rule, where: { a: Number.NaN } }] }, 'a finite number'],
  [
    'text where a number is due',
    { rules: [{ ...rule, where: { a: { gte: '5' } } }] },
    'gte needs a finite number',
  ],
  [
    'a function as a condition',
    { rules: [{ ...rule, where: { a: () => true } }] },
    'it has to be text',
  ],
  [
    'an empty startsWith, which everything does',
    { rules: [{ ...rule, where: { a: { startsWith: '' } } }] },
    'needs some text',
  ],
  [
    'an exists that is no boolean',
    { rules: [{ ...rule, where: { a: { exists: 'yes' } } }] },
    'exists is true or false',
  ],
  [
    'a where that holds itself',
    { rules: [{ ...rule, where: { a: cyclic } }] },
    'nested too deeply',
  ],
  [
    'a float as an amount',
    { rules: [{ ...rule, where: { a: { amount: { lte: 0.1 } } } }] },
    'smallest unit',
  ],
  [
    'an amount with an exponent',
    { rules: [{ ...rule, where: { a: { amount: { lte: '1e3' } } } }] },
    'smallest unit',
  ],
  [
    'an unsafe integer as an amount',
    { rules: [{ ...rule, where: { a: { amount: { lte: 2 ** 53 } } } }] },
    'smallest unit',
  ],
  [
    'an amount without a bound',
    { rules: [{ ...rule, where: { a: { amount: {} } } }] },
    'amount needs one of',
  ],
  [
    'a path with a scheme',
    { rules: [{ ...rule, where: { a: { path: 'file:///etc' } } }] },
    'is no plain path',
  ],
  [
    "a path from somebody's home",
    { rules: [{ ...rule, where: { a: { path: '~/x' } } }] },
    'is no plain path',
  ],
  [
    'a base that is relative',
    { rules: [{ ...rule, where: { a: { path: { under: 'x', base: 'y' } } } }] },
    'absolute',
  ],
  [
    'a path without anything',
    { rules: [{ ...rule, where: { a: { path: {} } } }] },
    'path needs under or glob',
  ],
  [
    'a domain with a path',
    { rules: [{ ...rule, where: { a: { domain: 'a.com/b' } } }] },
    'is no host',
  ],
  [
    'a domain with a pattern inside',
    { rules: [{ ...rule, where: { a: { domain: 'a.*.com' } } }] },
    'is no host',
  ],
  ['a domain of everything', { rules: [{ ...rule, where: { a: { domain: '*' } } }] }, 'is no host'],
  [
    'an address without a host',
    { rules: [{ ...rule, where: { a: { email: 'ann' } } }] },
    'is no address',
  ],
  [
    'an address with a pattern in its name',
    { rules: [{ ...rule, where: { a: { email: 'a*@b.c' } } }] },
    'is no address',
  ],
  [
    'a command of any program',
    { rules: [{ ...rule, where: { a: { command: [['*', 'x']] } } }] },
    'name the program',
  ],
  [
    'a command with ** inside',
    { rules: [{ ...rule, where: { a: { command: [['a', '**', 'b']] } } }] },
    'last word',
  ],
  ['an empty who', { rules: [{ ...rule, who: {} }] }, 'it names nobody'],
  ['an empty list in who', { rules: [{ ...rule, who: { role: [] } }] }, 'is an empty list'],
  ['an unknown key of who', { rules: [{ ...rule, who: { roles: 'x' } }] }, 'did you mean "role"?'],
  [
    'a misspelt quorum',
    { rules: [{ ...rule, approve: { by: 'x', quorm: 2 } }] },
    'did you mean "quorum"?',
  ],
  [
    'a quorum of nobody',
    { rules: [{ ...rule, approve: { quorum: 2 } }] },
    'a quorum needs approvers',
  ],
  [
    'a quorum below one',
    { rules: [{ ...rule, approve: { by: 'x', quorum: 0 } }] },
    'whole number above 0',
  ],
  [
    'an unknown end of the waiting time',
    { rules: [{ ...rule, approve: { onExpiry: 'allow' } }] },
    'deny, park, or',
  ],
  [
    'an escalation to nobody',
    { rules: [{ ...rule, approve: { onExpiry: { escalateTo: [] } } }] },
    'escalateTo is an empty list',
  ],
  [
    'an escalation that names nobody',
    { rules: [{ ...rule, approve: { onExpiry: {} } }] },
    'onExpiry.escalateTo',
  ],
  [
    'a quorum that cannot be met',
    { rules: [{ ...rule, approve: { by: ['x', 'x'], quorum: 2 } }] },
    '2 can never agree',
  ],
  [
    'an expiry that is no time',
    { rules: [{ ...rule, approve: { expires: '4 hours' } }] },
    '30m, 4h or 2d',
  ],
  ['an expiry of nothing', { rules: [{ ...rule, approve: { expires: '0h' } }] }, '30m, 4h or 2d'],
  ['an expiry of NaN', { rules: [{ ...rule, approve: { expires: Number.NaN } }] }, '30m, 4h or 2d'],
  [
    'editable fields that are no texts',
    { rules: [{ ...rule, approve: { editable: [1] } }] },
    'it has to be text',
  ],
  ['an unknown preset', { capabilities: { grant: 'readonly' } }, 'did you mean "read-only"?'],
  ['an unknown capability', { capabilities: { grant: ['readFiles'] } }, 'did you mean "readFile"?'],
  ['capabilities without a grant', { capabilities: {} }, 'capabilities.grant'],
  [
    'a file size that is no size',
    { capabilities: { grant: 'full', maxFileSize: Number.NaN } },
    'whole number of bytes',
  ],
  [
    'allowed paths that are no list',
    { capabilities: { grant: 'full', paths: '/data' } },
    'it has to be a list',
  ],
  ['a name of a tool that is none', { deny: [''] }, 'the name of a tool has to be text'],
];

const POLLUTION = {
  mode: 'bypassPermissions',
  enforcement: 'observe',
  source: 'mcp',
  approvers: 'bob',
  amount: 5,
};

afterEach(() => {
  for (const name of Object.keys(POLLUTION)) Reflect.deleteProperty(Object.prototype, name);
});

describe('a policy that is not understood', () => {
  it.each(refused)('is refused for %s', (_, document, said) => {
    expect(() => compilePolicy(document as never)).toThrow(said);
    const issues = checkPolicy(document);
    expect(issues.map(({ message }) => message).length).toBeGreaterThan(0);
    try {
      compilePolicy(document as never);
    } catch (error) {
      expect(isGuardError(error) && error.code).toBe('policy_invalid');
    }
  });

  it('is told everything at once, with its places', () => {
    const issues = checkPolicy({
      mode: 'x',
      rules: [{ id: 'a', efect: 'allow', where: { n: { gtt: 5 } } }],
    });
    expect(issues.map(({ path }) => path)).toEqual([
      ['rules', 0, 'efect'],
      ['rules', 0, 'effect'],
      ['rules', 0, 'tool'],
      ['rules', 0, 'where', 'n', 'gtt'],
      ['mode'],
    ]);
  });

  it('names a tool or a pattern that no tool has, where the tools are known', () => {
    const tools = ['refund', 'read_file'];
    const policy = { rules: [{ ...rule, tool: 'refnd' }], deny: ['gitlab_*'] };
    expect(checkPolicy(policy, { tools }).map(({ message }) => message)).toEqual([
      '"refnd" matches none of the tools (did you mean "refund"?)',
      '"gitlab_*" matches none of the tools',
    ]);
    expect(checkPolicy(policy)).toEqual([]);
    expect(() =>
      definePolicy({ refund: {} }, (t) => [t.$match('x*' as never).deny({ id: 'x' })]),
    ).toThrow('"x*" matches none of the tools');
  });

  it('is told in a message that stays short', () => {
    const rules = Array.from({ length: 1000 }, (_, i) => ({ ...rule, id: `r${i}`, tool: 5 }));
    expect(() => compilePolicy({ rules } as never)).toThrow('(and 990 more)');
  });

  it('gets nothing from a polluted prototype', async () => {
    for (const [name, value] of Object.entries(POLLUTION)) {
      // eslint-disable-next-line no-extend-native -- that is what is tested, and undone after it
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
    }
    const rules = [{ id: 'a', effect: 'allow', tool: 'a', where: { amount: 5 } }] as const;
    const guard = createGuard({ policy: compilePolicy({ rules }) });
    const { requirements } = definePolicy({ a: {} }, (t) => [
      t.a.allow({ id: 'a' }),
      t.a.ask({ id: 'b' }),
    ]).explain({ tool: 'a' });
    expect(requirements?.votes).toEqual([{ kind: 'confirm' }]);
    expect((await guard.decide({ tool: 'b', args: {} })).effect).toBe('deny');
    expect((await guard.decide({ tool: 'a', args: {} })).effect).toBe('deny');
    expect((await guard.decide({ tool: 'a', args: { amount: 5 } })).effect).toBe('allow');
  });

  it('can be about fields with the names of prototypes', async () => {
    const where = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}') as never;
    const policy = compilePolicy({ rules: [{ id: 'a', effect: 'allow', tool: 'a', where }] });
    expect(policy.explain({ tool: 'a', args: {} }).verdict).toBe('deny');
    const args: unknown = JSON.parse('{"__proto__": 1, "constructor": 2, "toString": 3}');
    expect(policy.explain({ tool: 'a', args }).verdict).toBe('allow');
  });
});

describe('arguments that are not understood', () => {
  const values: ReadonlyArray<readonly [string, unknown]> = [
    ['NaN', Number.NaN],
    ['Infinity', Infinity],
    ['a text of a number', '900'],
    ['nothing', undefined],
    ['null', null],
    ['an object', { valueOf: () => 900 }],
    ['a list', [900]],
    ['true', true],
    ['a symbol', Symbol('900')],
    ['a function', () => 900],
    ['a date', new Date(900)],
  ];

  it.each(values)('count against the call where a number is due: %s', (_, amount) => {
    const all = { id: 'all', effect: 'allow', tool: 'a' } as const;
    const rules = (effect: 'ask' | 'deny') =>
      compilePolicy({
        rules: [all, { id: 'x', effect, tool: 'a', where: { amount: { gt: 500 } } }],
      });
    const call = { tool: 'a', args: { amount } };
    expect(rules('deny').explain(call).verdict).toBe('deny');
    expect(rules('ask').explain(call).verdict).toBe('ask');
    for (const where of [{ amount: { gt: 500 } }, { amount: { not: { lt: 500 } } }]) {
      const allowing = compilePolicy({ rules: [{ ...all, where }] });
      expect(allowing.explain(call).verdict).toBe('deny');
    }
  });

  it('are compared exactly however large they are', () => {
    const policy = compilePolicy({
      rules: [
        { id: 'a', effect: 'allow', tool: 'a', where: { n: { lte: Number.MAX_SAFE_INTEGER } } },
      ],
    });
    const verdict = (n: unknown): string => policy.explain({ tool: 'a', args: { n } }).verdict;
    expect(verdict(2n ** 53n - 1n)).toBe('allow');
    expect(verdict(2n ** 53n)).toBe('deny');
    expect(verdict(10n ** 1000n)).toBe('deny');
  });

  it('that hold themselves are looked at no deeper than the rule goes', () => {
    const loop: Record<string, unknown> = { n: 1 };
    loop['o'] = loop;
    const policy = compilePolicy({
      rules: [
        {
          id: 'a',
          effect: 'allow',
          tool: 'a',
          where: { o: { where: { o: { where: { n: 1 } } } } },
        },
      ],
    });
    const explanation = policy.explain({ tool: 'a', args: loop });
    expect(explanation.verdict).toBe('allow');
    const other = compilePolicy({
      rules: [{ id: 'a', effect: 'allow', tool: 'a', where: { o: 1 } }],
    });
    expect(other.explain({ tool: 'a', args: loop }).verdict).toBe('deny');
  });
});

describe('an option that nobody reads', () => {
  it.each([
    ['compilePolicy', () => compilePolicy({}, { nam: 'x' } as object)],
    ['checkPolicy', () => checkPolicy({}, { tool: [] } as object)],
    ['policyWarnings', () => policyWarnings({}, { tool: {} } as object)],
    ['capabilities', () => capabilities({ grant: [] }, { nam: 'x' } as object)],
    ['definePolicy', () => definePolicy({}, () => [], { defalt: 'allow' } as object)],
    ['decisionPoint', () => decisionPoint({ ...point, timeoutms: 5 } as DecisionPointOptions)],
  ])('of %s is refused', (_, make) => {
    expect(make).toThrow(/is not an option|is not known/);
  });

  const point: DecisionPointOptions = { name: 'x', version: 1, ask: () => undefined };
});

describe('an empty list', () => {
  const all = { id: 'all', effect: 'allow', tool: '*' } as const;

  it.each<[string, Omit<RuleDocument, 'id' | 'effect'>]>([
    ['of tools', { tool: [] }],
    ['of people', { tool: '*', who: { id: [] } }],
    ['of paths', { tool: '*', where: { at: { path: [] } } }],
    ['of hosts', { tool: '*', where: { at: { domain: [] } } }],
    ['of addresses', { tool: '*', where: { at: { email: [] } } }],
    ['of commands', { tool: '*', where: { at: { command: [] } } }],
    ['of values', { tool: '*', where: { at: { in: [] } } }],
  ])('%s is nothing, where that is said', (_, rest) => {
    const call = { tool: 'x', args: { at: '/x' }, context: { principal: { id: 'ann' } } };
    const verdict = (rules: readonly RuleDocument[]): string =>
      compilePolicy({ rules }, { emptyLists: true }).explain(call).verdict;
    expect(verdict([{ ...rest, id: 'a', effect: 'allow' }])).toBe('deny');
    expect(verdict([all, { ...rest, id: 'a', effect: 'ask' }])).toMatch(/allow|ask/);
  });

  it('of tools denies and asks nothing', () => {
    for (const effect of ['deny', 'ask'] as const) {
      const rules = [all, { id: 'a', effect, tool: [] }];
      const policy = compilePolicy({ rules }, { emptyLists: true });
      expect(policy.explain({ tool: 'x' }).verdict).toBe('allow');
    }
  });

  it('of approvers is refused all the same', () => {
    const rules = [{ ...all, approve: { by: [] } }];
    expect(() => compilePolicy({ rules }, { emptyLists: true })).toThrow(/by is an empty list/);
  });
});
