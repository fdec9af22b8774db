import { afterEach, describe, expect, it } from 'vitest';
import type { CallContext, ToolCall } from '../call.ts';
import type { Decision } from '../decision.ts';
import { allowAll } from './allow-all.ts';
import { type Layer, layers } from './layers.ts';
import type { Policy, PolicyAnswer, PolicyInput, ToolInfo } from './policy.ts';
import { perUser } from './selector.ts';
import { standardPolicy } from './standard.ts';
import { toolPolicy } from './tool-policy.ts';

const tool: ToolInfo = {
  identity: { source: 'app', name: 'tool' },
  facts: { effect: 'destructive', money: false, capabilities: [], why: 'for a reason' },
};
const call: ToolCall = Object.freeze({
  rid: 'r',
  id: 'c',
  tool: tool.identity,
  facts: tool.facts,
  args: {},
  confined: {},
  labels: [],
});

async function decided(policy: Policy, context: CallContext = {}): Promise<Decision | undefined> {
  const ruling = policy.resolve(tool);
  return typeof ruling === 'function' ? ruling(call, context) : ruling;
}

const grants = (policy: PolicyInput, name = 'g'): Layer => ({ name, grants: policy });
const restricts = (policy: PolicyInput, name = 'r'): Layer => ({ name, restricts: policy });
const answering = (answer: PolicyAnswer | undefined) => () => answer;

describe('layers', () => {
  it.each<[string, readonly Layer[], string]>([
    ['one grants', [grants(allowAll())], 'allow'],
    [
      'all grant',
      [grants(allowAll()), grants(standardPolicy({ mode: 'bypassPermissions' }))],
      'allow',
    ],
    ['one of those that grant asks', [grants(allowAll()), grants(standardPolicy())], 'ask'],
    [
      'one of those that grant denies',
      [grants(allowAll()), grants(toolPolicy({ allow: [] }))],
      'deny',
    ],
    [
      'one of those that grant has no opinion',
      [grants(allowAll()), grants(answering(undefined))],
      'deny',
    ],
    [
      'one that restricts has no opinion',
      [grants(allowAll()), restricts(answering(undefined))],
      'allow',
    ],
    ['one that restricts allows', [grants(allowAll()), restricts(answering('allow'))], 'allow'],
    [
      'one that restricts allows what nobody grants',
      [grants(toolPolicy({ allow: [] })), restricts(answering('allow'))],
      'deny',
    ],
    [
      'one that restricts allows what is asked',
      [grants(standardPolicy()), restricts(answering('allow'))],
      'ask',
    ],
    ['one that restricts asks', [grants(allowAll()), restricts(answering('ask'))], 'ask'],
    ['one that restricts denies', [grants(allowAll()), restricts(answering('deny'))], 'deny'],
    [
      'one denies and another asks',
      [grants(allowAll()), restricts(answering('ask')), restricts(answering('deny'))],
      'deny',
    ],
    [
      'a granting policy restricts',
      [grants(allowAll()), restricts(toolPolicy({ deny: ['tool'] }))],
      'deny',
    ],
    ['a policy that allows restricts', [grants(standardPolicy()), restricts(allowAll())], 'ask'],
    ['layers grant', [grants(layers([grants(allowAll())]))], 'allow'],
    ['layers restrict', [grants(allowAll()), restricts(layers([grants(standardPolicy())]))], 'ask'],
    [
      'a mode bypasses permissions in its own layer only',
      [grants(standardPolicy({ mode: 'bypassPermissions' })), grants(standardPolicy())],
      'ask',
    ],
  ])('where %s decide %j', async (_name, list, effect) => {
    expect((await decided(layers(list)))?.effect).toBe(effect);
    // Position means nothing.
    expect((await decided(layers(list.toReversed())))?.effect).toBe(effect);
  });

  it('wait for those that have to wait, wherever they stand', async () => {
    const late = async (): Promise<'deny'> => 'deny';
    for (const list of [
      [grants(allowAll()), restricts(late)],
      [restricts(late), grants(allowAll())],
      [grants(perUser({ default: late })), grants(allowAll())],
    ]) {
      expect((await decided(layers(list)))?.effect).toBe('deny');
    }
  });

  it('decide at once where nobody has to wait', () => {
    const ruling = layers([grants(() => 'allow'), restricts(() => undefined)]).resolve(tool);
    expect(typeof ruling === 'function' && ruling(call, {})).toMatchObject({ effect: 'allow' });
  });

  it('deny a tool before any call where one of them denies it whatever the call', () => {
    const ruling = layers([
      grants(() => 'allow'),
      restricts(toolPolicy({ deny: ['tool'] })),
    ]).resolve(tool);
    expect(ruling).toMatchObject({ effect: 'deny', reason: 'it is on the deny list' });
  });

  it('ask for everything that one of them asks for, and say all reasons', async () => {
    const policy = layers([
      grants(() => ({
        effect: 'ask',
        reason: 'large',
        requirements: {
          votes: [{ kind: 'approvers', by: ['bob'], quorum: 1 }],
          expiresMs: 10,
          editable: ['a', 'b'],
        },
      })),
      restricts(() => ({
        effect: 'ask',
        reason: 'foreign',
        requirements: { votes: [{ kind: 'confirm' }], expiresMs: 5, editable: ['b', 'c'] },
      })),
      restricts(() => ({
        effect: 'allow',
        obligations: [{ type: 'cap', characters: 5 }],
        conditions: { durability: 'disk' },
      })),
    ]);
    expect(await decided(policy)).toMatchObject({
      effect: 'ask',
      reason: 'large; foreign',
      requirements: {
        votes: [{ kind: 'approvers', by: ['bob'], quorum: 1 }, { kind: 'confirm' }],
        expiresMs: 5,
        editable: ['b'],
        grants: [],
      },
      obligations: [{ type: 'cap', characters: 5 }],
      conditions: { durability: 'disk' },
    });
  });

  it('name the layer that does not allow', async () => {
    const silent: Policy = { ...allowAll(), resolve: () => undefined };
    expect(await decided(layers([grants(allowAll()), grants(silent, 'tenant')]))).toMatchObject({
      effect: 'deny',
      reason: 'layer "tenant" does not allow it',
    });
  });

  it.each<[string, unknown]>([
    ['true', true],
    ['null', null],
    ['an effect that nobody knows', { effect: 'maybe', reason: '' }],
    [
      'a condition that nobody knows',
      {
        effect: 'allow',
        reason: '',
        policy: 'x',
        obligations: [],
        limits: [],
        conditions: { durability: 'eternal' },
      },
    ],
    [
      'an obligation that nobody knows',
      {
        effect: 'allow',
        reason: '',
        policy: 'x',
        obligations: [{ type: 'watermark' }],
        limits: [],
        conditions: {},
      },
    ],
    [
      'an ask that needs no vote',
      {
        effect: 'ask',
        reason: '',
        policy: 'x',
        obligations: [],
        limits: [],
        conditions: {},
        requirements: { votes: [], editable: [], grants: [] },
      },
    ],
    ['an effect that is only inherited', Object.create({ effect: 'allow' })],
  ])(
    'take nothing for an allow that a policy object answers wrongly: %s',
    async (_name, answer) => {
      const resolves: ReadonlyArray<() => unknown> = [
        () => answer,
        () => () => answer,
        () => () => Promise.resolve(answer),
      ];
      for (const resolve of resolves) {
        const odd: Policy = { ...allowAll(), name: 'odd', resolve: resolve as Policy['resolve'] };
        for (const list of [
          [grants(odd)],
          [grants(allowAll()), restricts(odd)],
          [grants(odd), grants(allowAll())],
        ]) {
          expect((await decided(layers(list)))?.effect).toBe('deny');
        }
      }
    },
  );

  it.each<[string, unknown]>([
    ['no list', undefined],
    ['an object', { a: allowAll() }],
    ['an empty list', []],
    ['a list of policies', [allowAll()]],
    ['a hole', Object.assign([], { length: 1 })],
    ['null', [null]],
    ['only layers that restrict', [restricts(() => undefined)]],
    ['a layer that does both', [{ name: 'x', grants: allowAll(), restricts: allowAll() }]],
    ['a layer that does neither', [{ name: 'x' }, grants(allowAll())]],
    ['a layer without a name', [{ grants: allowAll() }]],
    ['a misspelt layer', [{ name: 'x', grant: allowAll() }]],
    ['a layer with a priority', [{ name: 'x', grants: allowAll(), priority: 1 }]],
    [
      'a granting layer with a policy that only restricts',
      [{ name: 'x', grants: { ...allowAll(), layer: 'restricts' } }],
    ],
    ['a layer with what is no policy', [{ name: 'x', grants: 'allow' }]],
  ])('are refused where they are %s', (_name, list) => {
    expect(() => layers(list as readonly Layer[])).toThrow(
      expect.objectContaining({ code: 'policy_invalid' }),
    );
  });

  it('are refused where a policy is missing', () => {
    expect(() => layers([grants(undefined as unknown as Policy)])).toThrow(
      expect.objectContaining({ code: 'policy_missing' }),
    );
  });

  it('have a digest that changes with every part and not with their order', () => {
    const id = (list: readonly Layer[]): string => layers(list).digest({});
    const [a, b] = [grants(allowAll(), 'a'), restricts(standardPolicy(), 'b')];
    expect(id([a, b])).toBe(id([b, a]));
    const nameOfTwo = `a\ngrants\n${allowAll().digest({})}\nb`;
    const different = [
      [a],
      [a, b],
      [a, a],
      [grants(allowAll(), 'x'), b],
      [a, restricts(standardPolicy(), 'x')],
      [a, grants(standardPolicy(), 'b')],
      [a, restricts(standardPolicy({ mode: 'readOnly' }), 'b')],
      [grants(allowAll(), nameOfTwo)],
      [restricts(allowAll(), 'a'), grants(standardPolicy(), 'b')],
    ];
    expect(new Set(different.map(id)).size).toBe(different.length);
  });

  it('have a digest that follows a part that changes, in the context where it does', () => {
    const users = perUser({ default: allowAll() });
    const policy = layers([grants(users)]);
    const [alice, bob] = [{ principal: { id: 'alice' } }, { principal: { id: 'bob' } }];
    const before = [policy.digest(alice), policy.digest(bob)];
    users.set('alice', standardPolicy());
    expect(policy.digest(alice)).not.toBe(before[0]);
    expect(policy.digest(bob)).toBe(before[1]);
    users.remove('alice');
    expect([policy.digest(alice), policy.digest(bob)]).toEqual(before);
  });

  it('tell of changes of their parts until nobody listens', () => {
    const users = perUser({ default: allowAll() });
    const changes: string[] = [];
    const undo = layers([grants(users), restricts(users), grants(allowAll())]).onChange?.(
      ({ change }) => changes.push(change),
    );
    users.set('alice', standardPolicy());
    expect(changes).toContain('policy of user alice set');
    undo?.();
    changes.length = 0;
    users.remove('alice');
    expect(changes).toEqual([]);
  });
});

describe('with a polluted Object.prototype', () => {
  const prototype = Object.prototype as Record<string, unknown>;

  afterEach(() => {
    delete prototype['grants'];
    delete prototype['restricts'];
  });

  it('layers take no policy from there', async () => {
    const list = [grants(allowAll()), restricts(() => 'deny')];
    prototype['grants'] = allowAll();
    const policy = layers(list);
    delete prototype['grants'];
    expect((await decided(policy))?.effect).toBe('deny');
    prototype['grants'] = allowAll();
    const refused = ((): unknown => {
      try {
        return layers([{ name: 'x' } as unknown as Layer]);
      } catch (error) {
        return error;
      }
    })();
    delete prototype['grants'];
    expect(refused).toMatchObject({ code: 'policy_invalid' });
  });
});
