import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallContext, Principal, ToolCall } from '../call.ts';
import { deny } from '../decision.ts';
import { allowAll } from './allow-all.ts';
import { layers } from './layers.ts';
import type { Policy, PolicyChange, PolicyInput, ToolInfo } from './policy.ts';
import { perAgent, perUser, type SelectorOptions } from './selector.ts';
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

async function effectIn(policy: Policy, context: CallContext): Promise<string | undefined> {
  const ruling = policy.resolve(tool);
  return (await (typeof ruling === 'function' ? ruling(call, context) : ruling))?.effect;
}

const user = (id: string, tenant?: string): CallContext => ({
  principal: tenant === undefined ? { id } : { id, tenant },
});

const none = (): Policy => toolPolicy({ allow: [] });

describe('policies per user', () => {
  it('decide by the policy of the user, else by the default', async () => {
    const policy = perUser({
      policies: { admin: standardPolicy({ mode: 'bypassPermissions' }), free: none() },
      default: standardPolicy(),
    });
    expect(await effectIn(policy, user('admin'))).toBe('allow');
    expect(await effectIn(policy, user('free'))).toBe('deny');
    expect(await effectIn(policy, user('somebody'))).toBe('ask');
    expect(await effectIn(policy, {})).toBe('ask');
    expect(await effectIn(policy, { agent: 'admin', session: 'admin' })).toBe('ask');
  });

  it('replace the default: nothing of it is merged in', async () => {
    const policy = perUser({ policies: { a: allowAll() }, default: none() });
    expect(await effectIn(policy, user('a'))).toBe('allow');
  });

  it('are no policies of users whose ids every object has', async () => {
    const policy = perUser({ policies: { a: none() }, default: allowAll() });
    for (const id of ['constructor', '__proto__', 'toString', '']) {
      expect(await effectIn(policy, user(id))).toBe('allow');
      expect(policy.get(id)).toBeUndefined();
    }
    policy.set('__proto__', none());
    expect(await effectIn(policy, user('__proto__'))).toBe('deny');
    expect(await effectIn(policy, user('b'))).toBe('allow');
  });

  it('can be changed while they are in use, for tools that are wrapped already', async () => {
    const policy = perUser({ default: none() });
    const ruling = policy.resolve(tool);
    if (typeof ruling !== 'function') throw new Error('it decides without a context');
    const effect = async (id: string): Promise<string | undefined> =>
      (await ruling(call, user(id)))?.effect;
    expect(await effect('a')).toBe('deny');
    policy.set('a', allowAll());
    expect([await effect('a'), await effect('b')]).toEqual(['allow', 'deny']);
    policy.set('a', standardPolicy());
    expect(await effect('a')).toBe('ask');
    policy.setDefault(allowAll());
    expect([await effect('a'), await effect('b')]).toEqual(['ask', 'allow']);
    policy.remove('a');
    expect(await effect('a')).toBe('allow');
  });

  it('can be looked up', () => {
    const [own, other] = [allowAll(), standardPolicy()];
    const policy = perUser({ policies: { a: own }, default: none() });
    expect(policy.get('a')).toBe(own);
    expect(policy.get({ id: 'a' })).toBe(own);
    expect(policy.get('b')).toBeUndefined();
    policy.set({ id: 'b', tenant: 't' }, other);
    expect(policy.get({ id: 'b', tenant: 't' })).toBe(other);
    expect(policy.get('b')).toBeUndefined();
  });

  it('lose nothing when one is removed that is not there', async () => {
    const policy = perUser({ policies: { a: allowAll() }, default: none() });
    const changes: PolicyChange[] = [];
    policy.onChange?.((change) => changes.push(change));
    policy.remove('b');
    policy.remove({ id: 'a', tenant: 't' });
    expect(changes).toEqual([]);
    expect(await effectIn(policy, user('a'))).toBe('allow');
  });

  it('never match a user of a tenant by a plain id, nor of another tenant', async () => {
    const policy = perUser({ policies: { alice: allowAll() }, default: none() });
    policy.set({ id: 'bob', tenant: 'acme' }, allowAll());
    expect(await effectIn(policy, user('alice'))).toBe('allow');
    expect(await effectIn(policy, user('alice', 'acme'))).toBe('deny');
    expect(await effectIn(policy, user('alice', ''))).toBe('deny');
    expect(await effectIn(policy, user('bob', 'acme'))).toBe('allow');
    expect(await effectIn(policy, user('bob', 'other'))).toBe('deny');
    expect(await effectIn(policy, user('bob'))).toBe('deny');
  });

  it('cannot be reached by an id or a tenant that imitates another', async () => {
    const text = fc.oneof(
      fc.constantFrom(
        'a',
        'b',
        '=a',
        '"t"a',
        '"t"',
        't',
        '"',
        '\\"',
        '',
        'a"',
        '"a',
        '=',
        '""a',
        '\u0000',
      ),
      fc.string({ maxLength: 4 }),
    );
    const principal: fc.Arbitrary<Principal> = fc
      .tuple(text, fc.option(text, { nil: undefined }))
      .map(([id, tenant]) => (tenant === undefined ? { id } : { id, tenant }));
    await fc.assert(
      fc.asyncProperty(principal, principal, async (owner, other) => {
        const policy = perUser({ default: none() });
        policy.set(owner, allowAll());
        const same = owner.id === other.id && owner.tenant === other.tenant;
        expect(await effectIn(policy, { principal: other })).toBe(same ? 'allow' : 'deny');
      }),
      {
        numRuns: 2000,
        examples: [
          [{ id: '"t"a' }, { id: 'a', tenant: 't' }],
          [{ id: 'a', tenant: 't' }, { id: '"t"a' }],
          [
            { id: '"a', tenant: 't' },
            { id: 'a', tenant: 't"' },
          ],
          [
            { id: 'b', tenant: 'ta' },
            { id: 'ab', tenant: 't' },
          ],
          [{ id: 'a' }, { id: '=a' }],
          [{ id: '' }, { id: '', tenant: '' }],
        ],
      },
    );
  });
});

describe('policies per agent', () => {
  it('decide by the agent, else by the default', async () => {
    const policy = perAgent({ policies: { coder: allowAll() }, default: none() });
    expect(await effectIn(policy, { agent: 'coder' })).toBe('allow');
    expect(await effectIn(policy, { agent: 'writer' })).toBe('deny');
    expect(await effectIn(policy, user('coder'))).toBe('deny');
    expect(await effectIn(policy, {})).toBe('deny');
    policy.set('writer', allowAll());
    expect(await effectIn(policy, { agent: 'writer' })).toBe('allow');
    policy.remove('coder');
    policy.remove('coder');
    expect(await effectIn(policy, { agent: 'coder' })).toBe('deny');
    expect(policy.get('coder')).toBeUndefined();
    expect(policy.get('writer')).toBeDefined();
  });

  it('nest with those per user', async () => {
    const policy = perUser({
      policies: { admin: perAgent({ policies: { coder: allowAll() }, default: standardPolicy() }) },
      default: none(),
    });
    expect(await effectIn(policy, { ...user('admin'), agent: 'coder' })).toBe('allow');
    expect(await effectIn(policy, user('admin'))).toBe('ask');
    expect(await effectIn(policy, { agent: 'coder' })).toBe('deny');
  });
});

describe.each([
  ['perUser', perUser],
  ['perAgent', perAgent],
])('%s', (name, select) => {
  it.each<[string, unknown]>([
    ['no default', { policies: {} }],
    ['a default of null', { default: null }],
    ['a default that is no policy', { default: 'allow' }],
    ['a policy that is none', { policies: { a: 'allow' }, default: none() }],
    ['a misspelt option', { policy: {}, default: none() }],
    ['no options', undefined],
    ['a policy that only restricts', { default: { ...none(), layer: 'restricts' } }],
  ])('refuses %s', (_name, options) => {
    expect(() => select(options as SelectorOptions)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^policy_(?:invalid|missing)$/) as string,
      }),
    );
  });

  it('refuses a change to what is no policy, and stays as it was', async () => {
    const policy = select({ policies: { a: allowAll() }, default: none() });
    for (const bad of [undefined, null, 'allow', {}, { ...none(), layer: 'restricts' as const }]) {
      expect(() => policy.set('a', bad as PolicyInput)).toThrow();
      expect(() => policy.setDefault(bad as PolicyInput)).toThrow();
    }
    expect(policy.get('a')?.name).toBe('allowAll');
    expect(await effectIn(policy, {})).toBe('deny');
  });

  it('has the digest of the policy that decides', () => {
    const policy = select({ policies: { a: allowAll() }, default: none() });
    const context = name === 'perUser' ? user('a') : { agent: 'a' };
    expect(policy.digest(context)).toBe(allowAll().digest({}));
    expect(policy.digest({})).toBe(none().digest({}));
    policy.set('a', standardPolicy());
    expect(policy.digest(context)).toBe(standardPolicy().digest({}));
    policy.setDefault(standardPolicy({ mode: 'readOnly' }));
    expect(policy.digest({})).toBe(standardPolicy({ mode: 'readOnly' }).digest({}));
    policy.remove('a');
    expect(policy.digest(context)).toBe(policy.digest({}));
  });

  it('tells of every change, with what was and what is, until nobody listens', () => {
    const policy = select({ default: none() });
    const changes: PolicyChange[] = [];
    const undo = policy.onChange?.((change) => changes.push(change));
    policy.set('a', allowAll());
    policy.set('a', standardPolicy());
    policy.setDefault(allowAll());
    policy.remove('a');
    const what = name === 'perUser' ? 'user' : 'agent';
    const [all, standard, nothing] = [allowAll(), standardPolicy(), none()].map((p) =>
      p.digest({}),
    );
    expect(changes).toEqual([
      { policy: name, change: `policy of ${what} a set`, from: undefined, to: all },
      { policy: name, change: `policy of ${what} a set`, from: all, to: standard },
      { policy: name, change: 'default policy set', from: nothing, to: all },
      { policy: name, change: `policy of ${what} a removed`, from: standard, to: undefined },
    ]);
    undo?.();
    undo?.();
    policy.set('a', allowAll());
    expect(changes).toHaveLength(4);
  });

  it('tells of changes within the policies it chooses from, and only of theirs', () => {
    const inner = perAgent({ default: none() });
    const later = perAgent({ default: none() });
    const policy = select({ policies: { a: inner, b: inner }, default: inner });
    const changes: string[] = [];
    const undo = policy.onChange?.(({ policy: of, change }) => changes.push(`${of}: ${change}`));
    inner.set('x', allowAll());
    policy.set('a', layers([{ name: 'later', grants: later }]));
    changes.length = 0;
    later.set('y', allowAll());
    expect(changes).toEqual(['perAgent: policy of agent y set']);
    policy.set('b', none());
    policy.setDefault(none());
    changes.length = 0;
    inner.set('x', none());
    expect(changes).toEqual([]);
    undo?.();
    later.set('y', none());
    expect(changes).toEqual([]);
  });

  it.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['nothing later', () => Promise.resolve(undefined)],
    ['nonsense', () => 'maybe'],
    ['nonsense later', () => Promise.resolve({ effect: 'maybe' })],
  ])(
    'denies where the chosen policy answers %s, also where it is meant to restrict',
    async (_name, answer) => {
      const object: Policy = { ...none(), resolve: () => answer as () => undefined };
      for (const inner of [object, answer as () => undefined]) {
        const policy = select({ default: inner });
        expect(await effectIn(policy, {})).toBe('deny');
        const restricting = layers([
          { name: 'all', grants: allowAll() },
          { name: 'some', restricts: policy },
        ]);
        expect(await effectIn(restricting, {})).toBe('deny');
      }
    },
  );

  it('resolves the rules of a tool once per policy', async () => {
    let resolved = 0;
    const counting: Policy = {
      ...none(),
      resolve: () => {
        resolved += 1;
        return deny('sha256:0', 'no');
      },
    };
    const ruling = select({ policies: { a: counting }, default: counting }).resolve(tool);
    if (typeof ruling !== 'function') throw new Error('it decides without a context');
    for (let i = 0; i < 10; i += 1) await ruling(call, i % 2 === 0 ? user('a') : {});
    expect(resolved).toBe(1);
  });
});

describe('with a polluted Object.prototype', () => {
  it('no default comes from there', () => {
    const prototype = Object.prototype as Record<string, unknown>;
    prototype['default'] = allowAll();
    try {
      expect(() => perUser({ policies: {} } as unknown as SelectorOptions)).toThrow(
        expect.objectContaining({ code: 'policy_missing' }),
      );
    } finally {
      delete prototype['default'];
    }
  });
});
