import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallContext, ToolCall } from '../call.ts';
import { DURABILITIES } from '../audit/log.ts';
import { canonical } from '../canonical.ts';
import type { Decision, Effect } from '../decision.ts';
import type { ToolEffect } from '../facts.ts';
import { DIMENSIONS, GUARANTEE_LEVELS } from '../sandbox/guarantees.ts';
import { allowAll } from './allow-all.ts';
import { readAnswer } from './answer.ts';
import { combine } from './combine.ts';
import { type Layer, layers } from './layers.ts';
import type { Policy, PolicyAnswer, PolicyInput, ToolInfo } from './policy.ts';
import { perAgent, perUser } from './selector.ts';
import { type Mode, standardPolicy, type StandardPolicyOptions } from './standard.ts';
import { toolPolicy, type ToolPolicyOptions } from './tool-policy.ts';

// Promise 3: adding a layer, a rule that denies or asks, a hook or a framework demand never widens
// access, and never weakens what an ask requires. The cases are drawn anew in every run; for ten times
// as many: GUARDSTILE_PROPERTY_RUNS=200000 npx vitest run packages/core/src/policy/never-widens.test.ts
const CASES = Number(process.env['GUARDSTILE_PROPERTY_RUNS'] ?? 20_000);

/** A share of all cases, and time enough for them on a busy machine. */
const share = (percent: number): { readonly numRuns: number } => ({
  numRuns: (CASES * percent) / 100,
});
const timeout = 60_000 + CASES * 10;

/** How long the guard lets an approval live where nobody says more; it takes part in the shortest. */
const GUARD_EXPIRES_MS = 500;

const NAMES = ['readFile', 'writeFile', 'rm', 'refund'] as const;
const EFFECTS: readonly ToolEffect[] = [
  'readOnly',
  'nonDestructive',
  'edit',
  'destructive',
  'unknown',
];
const MODES: readonly Mode[] = [
  'default',
  'acceptEdits',
  'bypassPermissions',
  'readOnly',
  'dontAsk',
];

const names = fc.uniqueArray(fc.constantFrom(...NAMES));
const level = fc.constantFrom(...GUARANTEE_LEVELS);

const obligation = fc.oneof(
  fc.record({
    type: fc.constant('redact' as const),
    fields: fc.uniqueArray(fc.constantFrom('iban', 'name')),
  }),
  fc.record({ type: fc.constant('cap' as const), characters: fc.nat(3) }),
  fc.record({
    type: fc.constant('label' as const),
    labels: fc.uniqueArray(fc.constantFrom('x', 'y')),
  }),
);
const limit = fc.record({
  id: fc.constantFrom('l', 'm'),
  max: fc.nat(3),
  windowMs: fc.integer({ min: 1, max: 3 }),
  amount: fc.integer({ min: 1, max: 2 }),
});
const conditions = fc.record(
  {
    sandbox: fc.record({ files: level, network: level, cpu: level }, { requiredKeys: [] }),
    durability: fc.constantFrom(...DURABILITIES),
  },
  { requiredKeys: [] },
);
const vote = fc.oneof(
  fc.constant({ kind: 'confirm' as const }),
  fc.record({
    kind: fc.constant('approvers' as const),
    by: fc.uniqueArray(fc.constantFrom('bob', 'role:cfo'), { minLength: 1 }),
    quorum: fc.integer({ min: 1, max: 2 }),
  }),
);
const requirements = fc.record(
  {
    votes: fc.array(vote, { minLength: 1, maxLength: 2 }),
    expiresMs: fc.integer({ min: 1, max: 1000 }),
    editable: fc.uniqueArray(fc.constantFrom('a', 'b')),
    grants: fc.uniqueArray(fc.constantFrom('session', 'always')),
    onExpiry: fc.constantFrom('deny' as const, 'park' as const, 'escalate' as const),
  },
  { requiredKeys: [] },
);
const details = {
  obligations: fc.array(obligation, { maxLength: 2 }),
  limits: fc.array(limit, { maxLength: 2 }),
  conditions,
};

/** Whoever escalates says to whom. */
function withPeople<T extends { readonly onExpiry?: string }>(required: T): T {
  return required.onExpiry === 'escalate' ? { ...required, escalateTo: ['role:board'] } : required;
}

function answerOf(...effects: readonly Effect[]): fc.Arbitrary<PolicyAnswer> {
  return (
    fc
      .record(
        { effect: fc.constantFrom(...effects), requirements, ...details },
        { requiredKeys: ['effect'] },
      )
      // Only an ask has requirements.
      .map(({ requirements: required, ...rest }) =>
        rest.effect === 'ask' && required !== undefined
          ? { ...rest, rule: 'asks', requirements: withPeople(required) }
          : rest,
      )
  );
}

const answer = fc.oneof(
  { weight: 2, arbitrary: answerOf('allow', 'allow', 'ask', 'deny') },
  fc.constantFrom<PolicyAnswer>('allow', 'ask'),
);

const standardOptions: fc.Arbitrary<StandardPolicyOptions> = fc.record(
  {
    mode: fc.constantFrom(...MODES, 'bypassPermissions' as const),
    allow: names,
    deny: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 1 }),
  },
  { requiredKeys: ['mode'] },
);
const toolOptions: fc.Arbitrary<ToolPolicyOptions> = fc.record(
  {
    allow: names,
    deny: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 1 }),
    optional: names,
  },
  { requiredKeys: [] },
);

/** A policy together with how often it waits, as users write them. */
const leaf: fc.Arbitrary<PolicyInput> = fc.oneof(
  fc.constant(undefined).map(() => allowAll()),
  standardOptions.map((options) => standardPolicy(options)),
  toolOptions.map((options) => toolPolicy(options)),
  answer.map((given) => () => given),
  answer.map((given) => async () => given),
  fc.constant(() => undefined),
  fc.constantFrom<PolicyInput>(
    () => ({ effect: 'perhaps' }) as never,
    () => {
      throw new Error('broken');
    },
  ),
);
const policy: fc.Arbitrary<PolicyInput> = fc.oneof(
  { weight: 8, arbitrary: leaf },
  fc.tuple(leaf, leaf).map(([own, other]) => perUser({ policies: { alice: own }, default: other })),
  fc
    .tuple(leaf, leaf)
    .map(([own, other]) => perAgent({ policies: { coder: own }, default: other })),
  fc.tuple(leaf, leaf).map(([a, b]) =>
    layers([
      { name: 'inner', grants: a },
      { name: 'inner too', restricts: b },
    ]),
  ),
);

const layer: fc.Arbitrary<Layer> = fc.oneof(
  policy.map((grants): Layer => ({ name: 'grants', grants })),
  policy.map((restricts): Layer => ({ name: 'restricts', restricts })),
);
const stack = fc
  .tuple(policy, fc.array(layer, { maxLength: 3 }))
  .map(([grants, more]): readonly Layer[] => [{ name: 'first', grants }, ...more]);

const tool: fc.Arbitrary<ToolInfo> = fc
  .tuple(fc.constantFrom(...NAMES), fc.constantFrom(...EFFECTS))
  .map(([name, effect]) => ({
    identity: { source: 'app', name },
    facts: { effect, money: false, capabilities: [], why: '' },
  }));
const context: fc.Arbitrary<CallContext> = fc.constantFrom(
  {},
  { principal: { id: 'alice' } },
  { principal: { id: 'alice', tenant: 't' }, agent: 'coder' },
);

/** What hooks and the framework say beside the policy, read as the pipeline reads it. */
const beside: fc.Arbitrary<Decision> = fc
  .oneof(answerOf('ask', 'deny', 'allow'), fc.constantFrom<PolicyAnswer>('ask', 'deny'))
  .map((given) => {
    const read = readAnswer(given, { name: 'a hook', policy: 'sha256:0', optional: true });
    if (read === undefined) throw new Error('an answer that was given is read');
    return read;
  });

async function decided(
  list: readonly Layer[],
  toolInfo: ToolInfo,
  callContext: CallContext,
  others: readonly Decision[],
): Promise<Decision> {
  const all = layers(list);
  return combine(all.digest(callContext), [await opinionOf(all, toolInfo, callContext), ...others]);
}

async function opinionOf(
  one: Policy,
  toolInfo: ToolInfo,
  callContext: CallContext,
): Promise<Decision> {
  const call: ToolCall = {
    rid: 'r',
    id: 'c',
    tool: toolInfo.identity,
    facts: toolInfo.facts,
    args: {},
    confined: {},
    labels: [],
  };
  const ruling = one.resolve(toolInfo);
  const opinion = await (typeof ruling === 'function' ? ruling(call, callContext) : ruling);
  if (opinion === undefined) throw new Error('a granting policy always decides');
  return opinion;
}

const RANK: Readonly<Record<Effect, number>> = { allow: 0, ask: 1, deny: 2 };
const texts = (list: readonly unknown[]): Set<string> => new Set(list.map(canonical));

function expectAll(some: readonly unknown[], among: readonly unknown[]): void {
  const all = texts(among);
  expect([...texts(some)].filter((one) => !all.has(one))).toEqual([]);
}

/** Whether what the first demands is demanded by the second, too. */
function expectNoWeaker(after: Decision, before: Decision): void {
  expect(RANK[after.effect]).toBeGreaterThanOrEqual(RANK[before.effect]);
  if (after.effect === 'deny' || before.effect === 'deny') return;
  expectAll(before.obligations, after.obligations);
  expectAll(before.limits, after.limits);
  for (const dimension of DIMENSIONS) {
    const strength = (decision: Decision): number =>
      GUARANTEE_LEVELS.indexOf(decision.conditions.sandbox?.[dimension] ?? 'none');
    expect(strength(after)).toBeGreaterThanOrEqual(strength(before));
  }
  const durability = ({ conditions: { durability: wanted } }: Decision): number =>
    wanted === undefined ? -1 : DURABILITIES.indexOf(wanted);
  expect(durability(after)).toBeGreaterThanOrEqual(durability(before));
  if (after.effect !== 'ask' || before.effect !== 'ask') return;
  const [now, then] = [after.requirements, before.requirements];
  expectAll(then.votes, now.votes);
  expectAll(now.editable, then.editable);
  expectAll(now.grants, then.grants);
  // Waiting longer, or for more people, is what only everybody who asks can offer.
  if (now.onExpiry !== undefined) expect(now.onExpiry).toBe(then.onExpiry);
  expectAll(now.escalateTo ?? [], then.escalateTo ?? []);
  expectAll(then.rules ?? [], now.rules ?? []);
  const expiry = (ms: number | undefined): number => Math.min(ms ?? Infinity, GUARD_EXPIRES_MS);
  expect(expiry(now.expiresMs)).toBeLessThanOrEqual(expiry(then.expiresMs));
}

/** What a decision means; in which order it says so does not matter. */
function meaningOf(decision: Decision): unknown {
  const { effect, conditions: conditioned } = decision;
  if (effect === 'deny') return effect;
  const required = effect === 'ask' ? decision.requirements : undefined;
  return {
    effect,
    conditions: conditioned,
    obligations: texts(decision.obligations),
    limits: texts(decision.limits),
    votes: texts(required?.votes ?? []),
    editable: texts(required?.editable ?? []),
    grants: texts(required?.grants ?? []),
    rules: texts(required?.rules ?? []),
    onExpiry: required?.onExpiry,
    escalateTo: texts(required?.escalateTo ?? []),
    expiresMs: required?.expiresMs,
  };
}

function insert<T>(list: readonly T[], at: number, item: T): readonly T[] {
  return list.toSpliced(at % (list.length + 1), 0, item);
}

describe('promise 3', { timeout }, () => {
  it('adding a layer never widens access and never weakens what an ask requires', async () => {
    const seen = { allow: 0, ask: 0, deny: 0 };
    await fc.assert(
      fc.asyncProperty(
        stack,
        layer,
        fc.nat(9),
        tool,
        context,
        fc.array(beside, { maxLength: 1 }),
        async (list, more, at, info, who, others) => {
          const before = await decided(list, info, who, others);
          const after = await decided(insert(list, at, more), info, who, others);
          seen[before.effect] += 1;
          expectNoWeaker(after, before);
        },
      ),
      share(50),
    );
    // The cases are about something: there is access to widen, and asks to weaken.
    expect(seen.allow).toBeGreaterThan(CASES / 100);
    expect(seen.ask).toBeGreaterThan(CASES / 100);
  });

  it('adding a hook or a framework demand never widens access and never weakens what an ask requires', async () => {
    await fc.assert(
      fc.asyncProperty(
        stack,
        fc.array(beside, { maxLength: 2 }),
        beside,
        fc.nat(9),
        tool,
        context,
        async (list, others, more, at, info, who) => {
          const before = await decided(list, info, who, others);
          const after = await decided(list, info, who, insert(others, at, more));
          expectNoWeaker(after, before);
        },
      ),
      share(25),
    );
  });

  it('adding a name to a deny list, or taking one from an allow list, never widens access', async () => {
    const name = fc.constantFrom(...NAMES);
    const stricter = <O extends StandardPolicyOptions & ToolPolicyOptions>(
      options: O,
      one: string,
      how: 'deny' | 'allow' | 'optional',
    ): O => {
      if (how === 'allow')
        return options.allow === undefined
          ? options
          : { ...options, allow: [...options.allow].filter((other) => other !== one) };
      return { ...options, [how]: [...(options[how] ?? []), one] };
    };
    await fc.assert(
      fc.asyncProperty(
        standardOptions,
        toolOptions,
        name,
        fc.constantFrom('deny' as const, 'allow' as const),
        tool,
        async (standard, byTool, one, how, info) => {
          expectNoWeaker(
            await opinionOf(standardPolicy(stricter(standard, one, how)), info, {}),
            await opinionOf(standardPolicy(standard), info, {}),
          );
          for (const change of [how, 'optional'] as const) {
            expectNoWeaker(
              await opinionOf(toolPolicy(stricter(byTool, one, change)), info, {}),
              await opinionOf(toolPolicy(byTool), info, {}),
            );
          }
        },
      ),
      share(15),
    );
  });

  it('the order of layers, hooks and demands means nothing', async () => {
    const shuffled = <T>(
      list: fc.Arbitrary<readonly T[]>,
    ): fc.Arbitrary<readonly [readonly T[], readonly T[]]> =>
      list.chain((given) =>
        fc.tuple(fc.constant(given), fc.shuffledSubarray([...given], { minLength: given.length })),
      );
    await fc.assert(
      fc.asyncProperty(
        shuffled(stack),
        shuffled(fc.array(beside, { maxLength: 3 })),
        tool,
        context,
        async ([list, otherList], [others, otherOthers], info, who) => {
          const one = await decided(list, info, who, others);
          const other = await decided(otherList, info, who, otherOthers);
          expect(meaningOf(other)).toEqual(meaningOf(one));
          expect(layers(otherList).digest(who)).toBe(layers(list).digest(who));
        },
      ),
      share(20),
    );
  });

  it('the same layer twice is the same layer once', async () => {
    await fc.assert(
      fc.asyncProperty(stack, tool, context, async (list, info, who) => {
        const once = await decided(list, info, who, []);
        const twice = await decided([...list, ...list], info, who, []);
        expect(meaningOf(twice)).toEqual(meaningOf(once));
      }),
      share(10),
    );
  });
});
