import { afterEach, describe, expect, it } from 'vitest';
import { CONFIRM } from '../approvals/requirements.ts';
import { allow, ask, deny } from '../decision.ts';
import { readAnswer } from './answer.ts';
import type { Opinion } from './policy.ts';

const source = { name: 'policy function "test"', policy: 'sha256:1', optional: false } as const;
/** A list with nothing in it but holes. */
const holes = (length: number): unknown[] => Object.assign([], { length });
const read = (answer: unknown): Opinion => readAnswer(answer, source);

describe('an answer', () => {
  it('in a word is a decision with a reason that names who decided', () => {
    expect(read('allow')).toEqual(allow('sha256:1', 'policy function "test" says so'));
    expect(read('ask')).toEqual(ask('sha256:1', 'policy function "test" says so', CONFIRM));
    expect(read('deny')).toEqual(deny('sha256:1', 'policy function "test" says so'));
  });

  it('with details is a decision with all of them, under the policy that answers', () => {
    const details = {
      reason: 'large amount',
      rule: 'r1',
      obligations: [
        { type: 'redact', fields: ['iban'] },
        { type: 'cap', characters: 5 },
        { type: 'label', labels: ['x'] },
      ],
      limits: [
        { id: 'l', max: 5, windowMs: 1000 },
        { id: 'm', amount: 2, max: 0, windowMs: 'running', per: 'tenant', same: 'call' },
      ],
      conditions: { sandbox: { files: 'os' }, durability: 'disk' },
    };
    const requirements = {
      votes: [{ kind: 'confirm' }, { kind: 'approvers', by: ['role:cfo'], quorum: 2 }],
      expiresMs: 5,
      editable: ['amount'],
      grants: ['session'],
    };
    expect(read({ effect: 'allow', ...details })).toEqual({
      effect: 'allow',
      policy: 'sha256:1',
      ...details,
    });
    expect(read({ effect: 'ask', ...details, requirements })).toEqual({
      effect: 'ask',
      policy: 'sha256:1',
      ...details,
      requirements: { ...requirements, rules: [details.rule] },
    });
    expect(read({ effect: 'deny', ...details })).toEqual({
      effect: 'deny',
      code: 'denied',
      policy: 'sha256:1',
      ...details,
    });
  });

  it('may leave out most of what an ask requires', () => {
    expect(read({ effect: 'ask' })).toMatchObject({ requirements: CONFIRM });
    expect(read({ effect: 'ask', requirements: {} })).toMatchObject({ requirements: CONFIRM });
    expect(
      read({ effect: 'ask', requirements: { votes: [{ kind: 'approvers', by: ['bob'] }] } }),
    ).toMatchObject({
      requirements: {
        votes: [{ kind: 'approvers', by: ['bob'], quorum: 1 }],
        editable: [],
        grants: [],
      },
    });
  });

  it('may be a decision of another policy, which this one answers for', () => {
    const handed = [
      allow('sha256:2', 'fine'),
      ask('sha256:2', 'sure?', CONFIRM),
      deny('sha256:2', 'no'),
    ];
    for (const decision of handed)
      expect(read(decision)).toEqual({ ...decision, policy: 'sha256:1' });
  });

  it('is out of reach of whoever gave it', () => {
    const given = {
      effect: 'ask',
      obligations: [{ type: 'redact', fields: ['iban'] }],
      limits: [{ id: 'l', max: 5, windowMs: 1000 }],
      conditions: { sandbox: { files: 'os' } },
      requirements: {
        votes: [{ kind: 'approvers', by: ['bob', 'carol'], quorum: 2 }],
        editable: ['a'],
      },
    };
    const decision = read(given);
    const before = structuredClone(decision);
    given.effect = 'allow';
    given.obligations[0]?.fields.pop();
    given.obligations.pop();
    for (const limit of given.limits) limit.max = 1e9;
    given.conditions.sandbox.files = 'none';
    given.requirements.votes.pop();
    given.requirements.editable.push('everything');
    expect(decision).toEqual(before);
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    expect(isFrozen(decision)).toBe(true);
  });

  it('of nothing is no opinion where that may be, and a denial where it may not', () => {
    expect(readAnswer(undefined, { ...source, optional: true })).toBeUndefined();
    expect(read(undefined)).toMatchObject({
      effect: 'deny',
      code: 'policy_error',
      reason: expect.stringContaining('answered nothing') as string,
    });
  });

  const nonsense: ReadonlyArray<[string, unknown]> = [
    ['null', null],
    ['true', true],
    ['false', false],
    ['zero', 0],
    ['a number', 1],
    ['NaN', Number.NaN],
    ['a bigint', 1n],
    ['a symbol', Symbol('allow')],
    ['an empty text', ''],
    ['another word', 'yes'],
    ['a word in other letters', 'Allow'],
    ['a word with a space', 'allow '],
    ['a boxed text', Object('allow')],
    ['a list', ['allow']],
    ['an empty list', []],
    ['an empty object', {}],
    ['a function', () => 'allow'],
    ['an error', new Error('allow')],
    ['a promise', Promise.resolve('allow')],
    ['a map', new Map([['effect', 'allow']])],
    ['an effect of another kind', { effect: true }],
    ['an effect in a list', { effect: ['allow'] }],
    ['an unknown effect', { effect: 'maybe' }],
    ['a bigint as an effect', { effect: 1n }],
    [
      'an effect that refers to itself',
      ((): unknown => {
        const effect: unknown[] = [];
        effect.push(effect);
        return { effect };
      })(),
    ],
    ['a boolean in the older style', { allow: true }],
    ['an effect that is only inherited', Object.create({ effect: 'allow' })],
    [
      'an effect that a class has',
      new (class {
        get effect(): string {
          return 'allow';
        }
      })(),
    ],
    [
      'an effect that cannot be read',
      {
        get effect(): string {
          throw new Error('no');
        },
      },
    ],
    [
      'a revoked Proxy',
      ((): unknown => {
        const { proxy, revoke } = Proxy.revocable({}, {});
        revoke();
        return proxy;
      })(),
    ],
    ['a field that nobody knows', { effect: 'allow', unless: 'admin' }],
    ['a misspelt field', { effect: 'ask', requirement: { votes: [] } }],
    ['an own __proto__', JSON.parse('{"effect":"allow","__proto__":{}}')],
    ['a reason that is no text', { effect: 'allow', reason: 5 }],
    ['a rule that is no text', { effect: 'allow', rule: {} }],
    [
      'an allow with requirements',
      { effect: 'allow', requirements: { votes: [{ kind: 'confirm' }] } },
    ],
    [
      'obligations that are no list',
      { effect: 'allow', obligations: { type: 'cap', characters: 5 } },
    ],
    ['obligations of null', { effect: 'allow', obligations: null }],
    ['limits that are no list', { effect: 'allow', limits: 5 }],
    ['limits with a hole', { effect: 'allow', limits: holes(1) }],
    ['a limit without an id', { effect: 'allow', limits: [{ max: 5, windowMs: 1 }] }],
    ['a limit without a maximum', { effect: 'allow', limits: [{ id: 'l', windowMs: 1 }] }],
    ['a limit without a window', { effect: 'allow', limits: [{ id: 'l', max: 1 }] }],
    [
      'a limit that counts nothing',
      { effect: 'allow', limits: [{ id: 'l', amount: 0, max: 5, windowMs: 1 }] },
    ],
    [
      'a limit that counts a fraction',
      { effect: 'allow', limits: [{ id: 'l', amount: 0.5, max: 5, windowMs: 1 }] },
    ],
    ['a limit of a fraction', { effect: 'allow', limits: [{ id: 'l', max: 0.5, windowMs: 1 }] }],
    [
      'a limit that counts more than is exact',
      { effect: 'allow', limits: [{ id: 'l', amount: 2 ** 53, max: 5, windowMs: 1 }] },
    ],
    [
      'a limit that tells something unknown apart',
      { effect: 'allow', limits: [{ id: 'l', max: 5, windowMs: 1, same: 'args' }] },
    ],
    ['a limit of NaN', { effect: 'allow', limits: [{ id: 'l', max: Number.NaN, windowMs: 1 }] }],
    ['an endless limit', { effect: 'allow', limits: [{ id: 'l', max: Infinity, windowMs: 1 }] }],
    [
      'a negative amount',
      { effect: 'allow', limits: [{ id: 'l', amount: -1, max: 1, windowMs: 1 }] },
    ],
    [
      'an amount of NaN',
      { effect: 'allow', limits: [{ id: 'l', amount: Number.NaN, max: 1, windowMs: 1 }] },
    ],
    ['an endless window', { effect: 'allow', limits: [{ id: 'l', max: 1, windowMs: Infinity }] }],
    ['a window of no length', { effect: 'allow', limits: [{ id: 'l', max: 1, windowMs: 0 }] }],
    [
      'a limit per something unknown',
      { effect: 'allow', limits: [{ id: 'l', max: 1, windowMs: 1, per: 'user' }] },
    ],
    [
      'a limit with a misspelt field',
      { effect: 'allow', limits: [{ id: 'l', max: 1, windowMs: 1, pre: 'tenant' }] },
    ],
    ['conditions of null', { effect: 'allow', conditions: null }],
    ['an unknown condition', { effect: 'allow', conditions: { weather: 'fine' } }],
    ['an unknown durability', { effect: 'allow', conditions: { durability: 'eternal' } }],
    ['an unknown sandbox dimension', { effect: 'allow', conditions: { sandbox: { filez: 'os' } } }],
    [
      'an unknown sandbox level',
      { effect: 'allow', conditions: { sandbox: { files: 'quantum' } } },
    ],
    ['a sandbox that is no object', { effect: 'allow', conditions: { sandbox: 'os' } }],
    ['requirements of null', { effect: 'ask', requirements: null }],
    ['an unknown requirement', { effect: 'ask', requirements: { voters: ['bob'] } }],
    ['an ask that needs no vote', { effect: 'ask', requirements: { votes: [] } }],
    ['votes that are no list', { effect: 'ask', requirements: { votes: 'bob' } }],
    ['votes with a hole', { effect: 'ask', requirements: { votes: holes(1) } }],
    [
      'a vote of an unknown kind',
      { effect: 'ask', requirements: { votes: [{ kind: 'somebody' }] } },
    ],
    [
      'a confirmation that names approvers',
      { effect: 'ask', requirements: { votes: [{ kind: 'confirm', by: ['bob'] }] } },
    ],
    [
      'a misspelt quorum',
      { effect: 'ask', requirements: { votes: [{ kind: 'approvers', by: ['bob'], qorum: 2 }] } },
    ],
    [
      'approvers without a name',
      { effect: 'ask', requirements: { votes: [{ kind: 'approvers', by: [] }] } },
    ],
    [
      'approvers that are a text',
      { effect: 'ask', requirements: { votes: [{ kind: 'approvers', by: 'bob' }] } },
    ],
    [
      'a quorum of nobody',
      { effect: 'ask', requirements: { votes: [{ kind: 'approvers', by: ['bob'], quorum: 0 }] } },
    ],
    [
      'half a quorum',
      { effect: 'ask', requirements: { votes: [{ kind: 'approvers', by: ['bob'], quorum: 1.5 }] } },
    ],
    ['an expiry of no time', { effect: 'ask', requirements: { expiresMs: 0 } }],
    ['an endless expiry', { effect: 'ask', requirements: { expiresMs: Infinity } }],
    ['an expiry in words', { effect: 'ask', requirements: { expiresMs: '1 hour' } }],
    ['editable fields that are no texts', { effect: 'ask', requirements: { editable: [1] } }],
    ['grants that are no list', { effect: 'ask', requirements: { grants: 'session' } }],
  ];

  it.each(nonsense)('of nonsense denies, and says whose it was: %s', (_name, answer) => {
    for (const optional of [false, true]) {
      const decision = readAnswer(answer, { ...source, optional });
      expect(decision).toMatchObject({ effect: 'deny', code: 'policy_error', policy: 'sha256:1' });
      expect(decision?.reason).toMatch(
        /^policy function "test" answered .*; answer 'allow', 'ask' or 'deny', or \{ effect, reason \}$/,
      );
    }
  });

  it.each<[string, unknown]>([
    ['unknown', [{ type: 'watermark' }]],
    ['not wholly understood', [{ type: 'cap', characters: 5, except: 'admins' }]],
    ['missing from a list with a hole', holes(2)],
    ['only inherited', [Object.create({ type: 'cap', characters: 5 })]],
  ])('with an obligation that is %s denies with a code of its own', (_name, obligations) => {
    expect(read({ effect: 'allow', obligations })).toMatchObject({
      effect: 'deny',
      code: 'obligation_unknown',
    });
  });
});

describe('with a polluted Object.prototype, an answer', () => {
  const prototype = Object.prototype as Record<string, unknown>;
  const polluted = [
    'effect',
    'reason',
    'obligations',
    'requirements',
    'kind',
    'by',
    'quorum',
    'max',
  ];

  afterEach(() => {
    for (const key of polluted) delete prototype[key];
  });

  it('inherits no effect, no reason and no requirement', () => {
    prototype['effect'] = 'allow';
    prototype['reason'] = 'polluted';
    prototype['obligations'] = 5;
    prototype['requirements'] = { votes: [] };
    const [empty, silent, word] = [read({}), read({ reason: 'mine' }), read('ask')];
    for (const key of polluted) delete prototype[key];
    expect([empty?.effect, silent?.effect]).toEqual(['deny', 'deny']);
    expect(word).toMatchObject({
      effect: 'ask',
      reason: 'policy function "test" says so',
      requirements: CONFIRM,
    });
  });

  it('inherits nothing in its parts', () => {
    prototype['kind'] = 'confirm';
    prototype['quorum'] = 9;
    prototype['max'] = 1e9;
    const vote = read({ effect: 'ask', requirements: { votes: [{}] } });
    const limit = read({ effect: 'allow', limits: [{ id: 'l', windowMs: 1 }] });
    const quorum = read({
      effect: 'ask',
      requirements: { votes: [{ kind: 'approvers', by: ['bob'] }] },
    });
    for (const key of polluted) delete prototype[key];
    expect([vote?.effect, limit?.effect]).toEqual(['deny', 'deny']);
    expect(quorum).toMatchObject({
      requirements: { votes: [{ kind: 'approvers', by: ['bob'], quorum: 1 }] },
    });
  });
});
