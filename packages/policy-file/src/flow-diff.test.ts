import type { FlowView, Origin, PathLabels } from '@guardstile/core';
import { compilePolicy, type FlowDocument, type RulePolicy } from '@guardstile/policy';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { calls } from '../../policy/test/arbitrary.ts';
import { flow } from '../../policy/test/flow.ts';
import { decide, rank } from '../../policy/test/meaning.ts';
import { policyDiff } from './policy-diff.ts';
import { seenFlow } from './seen-flow.ts';

const rules = [{ id: 'all', effect: 'allow' as const, tool: '*' }];

const PAY = { args: { to: { from: ['prompt', 'trusted:payee'], else: 'deny' } } } as const;

describe('a change of a flow', () => {
  it.each<
    [string, FlowDocument | undefined, FlowDocument | undefined, readonly [string, boolean][]]
  >([
    ['a flow', undefined, {}, [['+ flow', false]]],
    ['no flow', {}, undefined, [['- flow', true]]],
    [
      'an argument',
      {},
      { tools: { pay: PAY } },
      [['+ flow pay: to has to come from prompt, trusted:payee, else deny', false]],
    ],
    [
      'an argument less',
      { tools: { pay: PAY } },
      {},
      [['- flow pay: to has to come from prompt, trusted:payee, else deny', true]],
    ],
    [
      'fewer origins',
      { tools: { pay: PAY } },
      { tools: { pay: { args: { to: { ...PAY.args.to, from: ['prompt'] } } } } },
      [['~ flow pay: to: from ["prompt","trusted:payee"] → ["prompt"]', false]],
    ],
    [
      'a wider origin',
      { tools: { pay: PAY } },
      { tools: { pay: { args: { to: { ...PAY.args.to, from: ['prompt', 'trusted'] } } } } },
      [['~ flow pay: to: from ["prompt","trusted:payee"] → ["prompt","trusted"]', true]],
    ],
    [
      'an ask in the place of a denial',
      { tools: { pay: PAY } },
      { tools: { pay: { args: { to: { ...PAY.args.to, else: 'ask' } } } } },
      [['~ flow pay: to: else deny → ask', true]],
    ],
    [
      'an ask about what is unseen',
      { tools: { pay: PAY } },
      { tools: { pay: { args: { to: { ...PAY.args.to, unseen: 'ask' } } } } },
      [['~ flow pay: to: unseen none → ask', true]],
    ],
    [
      'shorter proofs',
      { tools: { pay: PAY } },
      { tools: { pay: { args: { to: { ...PAY.args.to, shortest: 3 } } } } },
      [['~ flow pay: to: shortest none → 3', true]],
    ],
    [
      'longer proofs',
      { tools: { pay: PAY } },
      { tools: { pay: { args: { to: { ...PAY.args.to, shortest: 8 } } } } },
      [['~ flow pay: to: shortest none → 8', false]],
    ],
    [
      'a label that trusts',
      { tools: { list: { labels: { to: 'untrusted' } } } },
      { tools: { list: { labels: { to: 'trusted:payee' } } } },
      [['~ flow list: to is untrusted → trusted:payee', true]],
    ],
    [
      'a label that trusts less',
      { tools: { list: { labels: { to: 'trusted:payee' } } } },
      { tools: { list: { labels: { to: 'untrusted' } } } },
      [['~ flow list: to is trusted:payee → untrusted', false]],
    ],
    [
      'a secret',
      {},
      { tools: { vault: { labels: { '': 'secret' } } } },
      [['+ flow vault: its result is secret', false]],
    ],
    [
      'a secret less',
      { tools: { vault: { labels: { '': 'secret' } } } },
      {},
      [['- flow vault: its result is secret', true]],
    ],
    [
      'a rule',
      {},
      { rules: [{ id: 'out', from: 'secret', to: 'egress' }] },
      [['+ flow rule out (secret to egress, else deny)', false]],
    ],
    [
      'a weaker rule',
      { rules: [{ id: 'out', from: 'secret', to: 'egress' }] },
      { rules: [{ id: 'out', from: 'secret', to: 'egress', else: 'ask' }] },
      [['~ flow rule out: else none → ask', true]],
    ],
    [
      'a rule that holds for more',
      { rules: [{ id: 'out', from: 'secret:key', to: 'egress' }] },
      { rules: [{ id: 'out', from: 'secret', to: 'egress', by: 'session' }] },
      [['~ flow rule out: from secret:key → secret, by none → session', false]],
    ],
    [
      'what cannot be undone',
      { tools: { drop: { irreversible: true } } },
      { tools: { drop: { irreversible: false } } },
      [['~ flow drop: irreversible true → false', true]],
    ],
    [
      'a sink more',
      { tools: { post: { sinks: ['egress'] } } },
      { tools: { post: { sinks: ['egress', 'store'] } } },
      [['~ flow post: sinks ["egress"] → ["egress","store"]', false]],
    ],
    [
      'a sink less',
      { tools: { post: { sinks: ['egress'] } } },
      { tools: { post: { sinks: [] } } },
      [['~ flow post: sinks ["egress"] → []', true]],
    ],
    [
      'somebody else who answers',
      { approve: { by: 'role:officer' } },
      { approve: { by: 'role:clerk' } },
      [['~ flow approve: {"by":"role:officer"} → {"by":"role:clerk"}', true]],
    ],
  ])('is told in words: %s', (_, before, after, told) => {
    const differences = policyDiff({ flow: before }, { flow: after });
    expect(differences.map(({ text, widens }) => [text, widens])).toEqual(told);
  });

  it('is none where the same is said in another order', () => {
    const one = { tools: { a: { irreversible: true }, b: { sinks: ['egress'] } } };
    const two = { tools: { b: { sinks: ['egress'] }, a: { irreversible: true } } };
    expect(policyDiff({ flow: one }, { flow: two })).toEqual([]);
  });

  it('never widens where it is said not to, of sessions with the labels of each', async () => {
    const seen = { narrowed: 0, quiet: 0 };
    await fc.assert(
      fc.asyncProperty(flow, flow, calls, fc.nat(5), async (one, other, all, part) => {
        const two = withPart(one, other, part);
        const differences = policyDiff({ flow: one }, { flow: two });
        if (differences.length === 0 || differences.some(({ widens }) => widens)) return;
        seen.quiet += 1;
        const [before, after] = [one, two].map((own) => compilePolicy({ rules, flow: own })) as [
          RulePolicy,
          RulePolicy,
        ]; // two were given
        const [then, now] = [await viewFor(before), await viewFor(after)];
        for (const call of all) {
          const was = decide(before, { ...call, call: { ...call.call, flow: then } });
          const is = decide(after, { ...call, call: { ...call.call, flow: now } });
          expect(rank(is)).toBeGreaterThanOrEqual(rank(was));
          if (rank(is) > rank(was)) seen.narrowed += 1;
        }
      }),
      { numRuns: 1500 },
    );
    expect(seen.quiet).toBeGreaterThan(100);
    expect(seen.narrowed).toBeGreaterThan(20);
  });
});

describe('a change of labels', () => {
  const label = fc.constantFrom<Origin>(
    'trusted',
    'trusted:k',
    'trusted-text',
    'trusted-text:k',
    'untrusted',
    'untrusted:k',
    'secret',
    'secret:k',
  );
  const labels = fc.dictionary(fc.constantFrom('', 'a', 'b'), label, {
    maxKeys: 3,
    noNullPrototype: true,
  });
  const change = fc.tuple(fc.constantFrom('', 'a', 'b'), fc.option(label, { nil: undefined }));
  // A rule about content is one about the session: few are, or nothing could be said of labels.
  const kept = fc.oneof(fc.constantFrom<Origin>('secret', 'secret:k'), label);
  const frame = fc.record({
    from: fc.uniqueArray(
      fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom<Origin>('prompt', 'trusted', 'trusted:k') },
        { weight: 1, arbitrary: fc.constantFrom<Origin>('untrusted', 'untrusted:k') },
      ),
      { maxLength: 3 },
    ),
    keeps: fc.uniqueArray(kept, { maxLength: 2 }),
  });
  const values = { a: 'first-account-1234', b: 'second-account-5678', c: 'third-account-9012' };

  it('never widens where it is said not to', async () => {
    const seen = { quiet: 0, narrowed: 0 };
    await fc.assert(
      fc.asyncProperty(frame, labels, change, async ({ from, keeps }, was, [path, to]) => {
        const { [path]: _, ...rest } = was;
        const is = to === undefined ? rest : { ...rest, [path]: to };
        const flowOf = (own: PathLabels): FlowDocument => ({
          tools: {
            read: { labels: own },
            pay: { args: { to: { from, else: 'deny' } }, sinks: ['money'] },
            post: { sinks: ['egress'] },
          },
          rules: keeps.map((origin, i) => ({ id: `f${i}`, from: origin, to: 'egress' })),
        });
        const [one, two] = [flowOf(was), flowOf(is)];
        const differences = policyDiff({ flow: one }, { flow: two });
        if (differences.length === 0 || differences.some(({ widens }) => widens)) return;
        seen.quiet += 1;
        const [before, after] = [
          compilePolicy({ rules, flow: one }),
          compilePolicy({ rules, flow: two }),
        ];
        const results = [{ tool: 'read', result: values }];
        const [then, now] = [await seenFlow(before, results), await seenFlow(after, results)];
        for (const tool of ['pay', 'post']) {
          for (const value of Object.values(values)) {
            const denied = (policy: RulePolicy, view: FlowView): number =>
              Number(policy.explain({ tool, args: { to: value }, flow: view }).verdict === 'deny');
            const [old, fresh] = [denied(before, then), denied(after, now)];
            expect(fresh).toBeGreaterThanOrEqual(old);
            seen.narrowed += fresh - old;
          }
        }
      }),
      { numRuns: 1500 },
    );
    expect(seen.quiet).toBeGreaterThan(50);
    expect(seen.narrowed).toBeGreaterThan(20);
  });
});

/** The same flow but for one part of it. */
function withPart(one: FlowDocument, other: FlowDocument, part: number): FlowDocument {
  if (part === 0) return { ...one, rules: other.rules ?? [] };
  const [name] = Object.keys(other.tools ?? {});
  if (name === undefined) return one;
  const [was, is] = [one.tools?.[name], other.tools?.[name]];
  const key = (['labels', 'labels', 'args', 'sinks', 'irreversible'] as const)[part - 1];
  const { [key ?? 'labels']: _, ...rest } = was ?? {};
  const changed = key === undefined || is?.[key] === undefined ? {} : { [key]: is[key] };
  return { ...one, tools: { ...one.tools, [name]: { ...rest, ...changed } } };
}

/** What the same session knows under the labels of a policy. */
function viewFor(policy: RulePolicy): Promise<FlowView> {
  return seenFlow(policy, [
    { prompt: 'put 10 into /data/x' },
    { tool: 'read_file', result: { s: 'a@b.c', t: '/etc/x' } },
    { tool: 'read_file', source: 'mcp', result: [{ s: 'https://b.c/' }] },
    { tool: 'frobnicate', result: { s: '/data/../etc/x' } },
  ]);
}
