import {
  allowAll,
  type CallContext,
  createGuard,
  type FlowView,
  type Guard,
  layers,
  type Origin,
  type PathLabels,
  type Turn,
} from '@guardstile/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { DataFlowOptions, SessionsDataFlow } from './data-flow-options.ts';
import { createDataFlow } from './data-flow.ts';
import { flowPolicy } from './flow-policy.ts';

const context: CallContext = { principal: { id: 'alice' }, session: 's1' };
const TRUST: readonly Origin[] = ['prompt', 'trusted', 'trusted-text'];

interface Host {
  readonly dataFlow: SessionsDataFlow;
  readonly guard: Guard;
  /** A call of a tool that returns this. */
  readonly list: (result: unknown, id?: string) => unknown;
  readonly send: (args: object) => Promise<unknown>;
}

function host(labels: readonly PathLabels[], options: DataFlowOptions = {}): Host {
  const dataFlow = createDataFlow(options);
  const policy = layers([
    { name: 'app', grants: allowAll() },
    ...labels.map((of, i) => ({
      name: `labels ${i}`,
      restricts: flowPolicy({ tools: { list: { labels: of } } }),
    })),
    {
      name: 'flow',
      restricts: flowPolicy({
        tools: { send: { args: { to: { from: ['prompt', 'trusted'] } }, sinks: ['egress'] } },
        rules: [{ id: 'out', from: 'secret', to: 'egress' }],
      }),
    },
  ]);
  const guard = createGuard({ policy, dataFlow, audit: false, context });
  const list = guard.tool({ name: 'list', facts: 'readOnly' });
  return {
    dataFlow,
    guard,
    list: (result, id) => list.run({ args: {}, ...(id === undefined ? {} : { id }) }, () => result),
    send: (args) => guard.call({ tool: 'send', args, facts: 'sendEmail' }, async () => 'sent'),
  };
}

const view = (dataFlow: SessionsDataFlow, turns: readonly Turn[] = []): FlowView =>
  dataFlow.session(context, turns) as FlowView; // nothing to wait for

const word = fc.stringMatching(/^[a-z]{5,8}$/);
const words = fc.array(word, { minLength: 1, maxLength: 4 });

describe('whatever a conversation is said to have been', () => {
  it('nothing is trusted that the user did not say', () => {
    const turn = fc.oneof(
      words.map((all): Turn => ({ role: 'user', text: all.join(' ') })),
      fc
        .tuple(fc.constantFrom('c1', 'c2', 'c3'), fc.oneof(words, fc.json(), fc.object()))
        .map(([call, value]): Turn => ({ role: 'tool', call, tool: 'list', value })),
    );
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 8 }), fc.nat(), words, (turns, at, values) => {
        const labels = { '[]': 'trusted:member' } as const;
        const [forged, honest] = [host([labels]), host([labels])];
        // A call that was really made, and forged results under its id and others before and after it.
        view(forged.dataFlow, turns.slice(0, at % 9));
        for (const { list } of [forged, honest]) list(['somebody'], 'c1');
        const users = turns.filter(({ role }) => role === 'user');
        const [seen, said] = [view(forged.dataFlow, turns), view(honest.dataFlow, users)];
        const texts = turns.flatMap((one) =>
          JSON.stringify(one.role === 'user' ? one.text : one.value).match(/[a-z]{5,8}/g),
        );
        for (const value of [...texts, ...values]) {
          if (value === null || !seen.isVouched(value, TRUST)) continue;
          expect(said.isVouched(value, TRUST)).toBe(true);
        }
      }),
    );
  });
});

describe('whatever layers say of a result', () => {
  it('one more makes nothing trusted', () => {
    const origin = fc.constantFrom<Origin>(
      'trusted',
      'trusted:a',
      'trusted:b',
      'trusted-text',
      'trusted-text:a',
      'untrusted',
      'untrusted:a',
      'untrusted:b',
      'secret',
    );
    const labels = fc.dictionary(fc.constantFrom('', '[]', '[].a', '[].b', '[].*'), origin);
    const accepted = fc.subarray<Origin>(
      ['trusted', 'trusted:a', 'trusted:b', 'trusted-text', 'trusted-text:a', 'untrusted:a'],
      { minLength: 1 },
    );
    fc.assert(
      fc.property(labels, labels, accepted, fc.boolean(), (a, b, from, whole) => {
        const value = whole ? 'some member' : 'member';
        const result = [{ a: 'some member', b: 'another one' }];
        const vouched = [[a], [b], [a, b], [b, a]].map((all) => {
          const own = host(all);
          own.list(result);
          return view(own.dataFlow).isVouched(value, from);
        });
        const [one, two, both, turned] = vouched;
        expect(both).toBe(turned);
        // Labels that say nothing of it leave the other's word as it is.
        const silent = [a, b].map((own) => !names(own));
        if (both === true) expect([one || silent[0], two || silent[1]]).toEqual([true, true]);
      }),
    );
    function names(own: PathLabels): boolean {
      return ['', '[]', '[].a', '[].*'].some((path) => path in own);
    }
  });
});

describe('bad input through a guard', () => {
  it('50 MB of text: what is beyond the cap is known to be missing, and nothing leaves', async () => {
    const { dataFlow, guard, list, send } = host([{ '': 'secret' }]);
    await guard.heard([{ role: 'user', text: 'mail eve@example.com' }]);
    const text = 'lorem ipsum dolor sit amet '.repeat(2_000_000);
    list(text);
    list(text);
    expect(view(dataFlow).complete).toBe(false);
    await expect(send({ to: 'eve@example.com' })).rejects.toThrow('more than is kept');
    // What was known before still is.
    expect(view(dataFlow).isVouched('eve@example.com', ['prompt'])).toBe(true);
  });

  it('text up to the cap is looked through to its end', () => {
    const { dataFlow, list } = host([]);
    list(`${'lorem ipsum dolor sit amet '.repeat(290_000)} mallory@evil.com`);
    const flow = view(dataFlow);
    expect(flow.originOf('mallory@evil.com').sightings).toMatchObject([{ origin: 'untrusted' }]);
    expect(flow.complete).toBe(true);
  });

  it('many small results are bounded like a large one', () => {
    const { dataFlow, list } = host([], { maxText: 10_000 });
    for (let i = 0; i < 1000; i += 1) list('a');
    expect(view(dataFlow).complete).toBe(false);
  });

  it('a million labelled values each keep their label', async () => {
    const { dataFlow, guard, list, send } = host([{ '[].to': 'trusted:member' }], {
      maxText: 60_000_000,
    });
    await guard.heard([{ role: 'user', text: 'hello' }]);
    list(Array.from({ length: 1_000_000 }, (_, i) => ({ to: `member${i}` })));
    expect(view(dataFlow).complete).toBe(true);
    await send({ to: 'member999999' });
    await expect(send({ to: 'member1000000' })).rejects.toThrow('nowhere');
  });

  it('a value that is trusted in one field and content in another is trusted, and both are said', () => {
    const { dataFlow, list } = host([{ '[].to': 'trusted:member' }]);
    list([{ to: 'Charlie', note: 'Charlie owes me' }]);
    expect(view(dataFlow).isVouched('Charlie', ['trusted'])).toBe(true);
    expect(view(dataFlow).originOf('Charlie').sightings).toHaveLength(2);
  });

  it.each([
    ['not JSON', 'to: Charlie'],
    ['half of it', '[{"to":"Charlie"'],
    ['JSON and more', '[{"to":"Charlie"}] and so on'],
    ['a text in JSON', '"Charlie"'],
    ['an empty text', ''],
    ['nothing', undefined],
    ['null', null],
    ['another shape', { to: ['Charlie'] }],
    ['names that are no names', { __proto__: null, constructor: 'Charlie', 'a.b[]': 'Charlie' }],
  ])('a result that is %s vouches for nothing', (_what, result) => {
    const { dataFlow, list } = host([{ '[].to': 'trusted:member' }]);
    list(result);
    expect(view(dataFlow).isVouched('Charlie', TRUST)).toBe(false);
    expect(view(dataFlow).complete).toBe(true);
  });

  it('a result that lies about what it is withholds itself or is content', async () => {
    const { dataFlow, guard, list } = host([{ '[].to': 'trusted:member' }]);
    await guard.heard([{ role: 'user', text: 'hello' }]);
    const once = { times: 0 };
    const changing = {
      toJSON: () => ((once.times += 1) > 1 ? [{ to: 'Charlie' }] : { note: 'Charlie' }),
    };
    list(Object.assign(Object.create({ inherited: true }) as object, changing));
    list(new Proxy({}, { getPrototypeOf: () => Array.prototype as object }));
    const hostile = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    expect(() => list(hostile)).toThrow('withheld');
    expect(view(dataFlow).isVouched('Charlie', TRUST)).toBe(false);
  });

  it('arguments that are made to slow the search down are judged', async () => {
    const { guard, list, send } = host([{ '[].pin': 'secret' }]);
    await guard.heard([{ role: 'user', text: 'ab '.repeat(20_000) }]);
    list([{ pin: 'abababababababab'.repeat(500), note: 'a.b@'.repeat(20_000) }]);
    for (const unit of ['ab', 'a.', 'a@', '1 ', '%61', '&#97;', 'YWJh']) {
      const to = unit.repeat(20_000);
      await expect(send({ to, body: to })).rejects.toMatchObject({ name: 'GuardError' });
    }
  });
});
