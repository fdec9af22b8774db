import {
  type CallContext,
  type Fact,
  factsOf,
  type GrantScope,
  type ToolCall,
  type ToolInfo,
} from '@guardstile/core';
import * as fc from 'fast-check';
import type {
  Approve,
  Condition,
  OnExpiry,
  PolicyDocument,
  RuleDocument,
  Where,
} from '../src/document.ts';

/** Random policies and calls in a world that is small enough for them to meet. */

const TOOLS: ReadonlyArray<readonly [string, Fact | undefined]> = [
  ['read_file', 'readOnly'],
  ['write_file', undefined],
  ['send_money', 'money'],
  ['frobnicate', undefined],
];

const NUMBERS = [0, 1, 2, 10] as const;
const WORDS = ['x', 'y', 'xy', '/data/x', '/etc/x', 'a@b.c', 'https://b.c/'] as const;

const number = fc.constantFrom(...NUMBERS);
const word = fc.constantFrom(...WORDS);

const onNumber: fc.Arbitrary<Condition> = fc.oneof(
  number,
  number.map((eq) => ({ eq })),
  number.map((lt) => ({ lt })),
  number.map((lte) => ({ lte })),
  number.map((gt) => ({ gt })),
  number.map((gte) => ({ gte })),
  fc.tuple(number, number).map(([gte, lt]) => ({ gte, lt })),
  number.map((lte) => ({ amount: { lte } })),
  fc.uniqueArray(number, { maxLength: 2 }).map((list) => ({ in: list })),
);
const onWord: fc.Arbitrary<Condition> = fc.oneof(
  word,
  word.map((startsWith) => ({ startsWith })),
  word.map((endsWith) => ({ endsWith })),
  fc.constantFrom('[a-c]+', '.*a', 'a|b').map((matches) => ({ matches })),
  fc.constantFrom<Condition>(
    { path: '/data' },
    { path: { glob: '**/x' } },
    { domain: 'b.c' },
    { email: '*@b.c' },
    { command: 'x' },
    { exists: true },
    { exists: false },
  ),
);
const onAnything: fc.Arbitrary<Condition> = fc.oneof(
  { weight: 3, arbitrary: onNumber },
  { weight: 3, arbitrary: onWord },
  onWord.map((not) => ({ not })),
  onNumber.map((every) => ({ every })),
  onWord.map((some) => ({ some })),
);

const where: fc.Arbitrary<Where> = fc.oneof(
  fc.record({ n: onNumber }),
  fc.record({ s: onWord }),
  fc.record({ n: onNumber, s: onWord }),
  fc.record({ l: onAnything }),
  onAnything.map((n) => ({ o: { where: { n } } })),
);

const who = fc.constantFrom<NonNullable<RuleDocument['who']>>(
  { id: 'ann' },
  { role: ['admin', 'cfo'] },
  { tenant: 't1' },
  { agent: 'coder' },
  { id: ['ann', 'bob'], tenant: 't1' },
);

const when = fc.constantFrom<NonNullable<RuleDocument['when']>>(
  () => true,
  () => false,
  () => {
    throw new Error('broken');
  },
  (() => Promise.resolve(true)) as never,
  (() => 'yes') as never,
  ((_: never, context: CallContext) => context.principal?.id === 'ann') as never,
);

const approve: fc.Arbitrary<Approve> = fc.oneof(
  fc.record(
    {
      by: fc.uniqueArray(fc.constantFrom('bob', 'role:cfo', 'role:ops'), { minLength: 1 }),
      expires: fc.constantFrom('1m', '5m', '1h'),
      onExpiry: fc.constantFrom<OnExpiry>(
        'deny',
        'park',
        { escalateTo: 'role:cfo' },
        { escalateTo: ['role:cfo', 'bob'] },
      ),
      editable: fc.uniqueArray(fc.constantFrom('n', 's')),
      grants: fc.uniqueArray(fc.constantFrom<GrantScope>('session', 'always')),
    },
    { requiredKeys: [] },
  ),
  fc.constant({ by: ['role:cfo'], quorum: 2 }),
);

const obligations = fc.constantFrom<NonNullable<RuleDocument['obligations']>>(
  [{ type: 'redact', fields: ['iban'] }],
  [{ type: 'cap', characters: 100 }],
  [
    { type: 'cap', characters: 100 },
    { type: 'label', labels: ['pii'] },
  ],
);
const limits = fc.constantFrom<NonNullable<RuleDocument['limits']>>(
  [{ id: 'day', max: 10, window: '1d' }],
  [{ id: 'hour', max: 2, window: '1h', per: 'tenant' }],
  [{ id: 'sum', amount: { from: 'n' }, max: 10, window: '1d' }],
);

const requires = fc.constantFrom<NonNullable<RuleDocument['requires']>>(
  { sandbox: { files: 'os' } },
  { sandbox: { files: 'args', network: 'runtime' }, durability: 'disk' },
  { durability: 'os' },
);

const tool = fc.oneof(
  fc.constantFrom(...TOOLS.map(([name]) => name)),
  fc.constantFrom('*', '*_file', 'send_*'),
  fc.constantFrom(['read_file', 'send_*']),
);

const effect = fc.oneof(
  { weight: 2, arbitrary: fc.constant('allow' as const) },
  { weight: 1, arbitrary: fc.constant('ask' as const) },
  { weight: 1, arbitrary: fc.constant('deny' as const) },
);

/** What a rule that denies cannot have. */
export const NOT_OF_DENIALS: readonly string[] = ['approve', 'obligations', 'limits', 'requires'];

/** A rule without its id. */
export type LooseRule = Omit<RuleDocument, 'id'>;

export function rule(
  effects: fc.Arbitrary<RuleDocument['effect']> = effect,
): fc.Arbitrary<LooseRule> {
  return fc
    .record(
      {
        effect: effects,
        tool,
        who,
        where,
        when,
        approve,
        obligations,
        limits,
        requires,
        mode: fc.constantFrom('enforce' as const, 'enforce' as const, 'shadow' as const),
        source: fc.constantFrom('app', 'mcp'),
        reason: fc.constantFrom('because', 'just so'),
      },
      { requiredKeys: ['effect', 'tool'], noNullPrototype: true },
    )
    .chain((given) =>
      // Most rules have few conditions, as people write them.
      fc
        .subarray(
          ['who', 'where', 'when', 'source', 'mode', 'obligations', 'limits', 'requires'] as const,
          {
            minLength: 4,
          },
        )
        .map((off) => {
          const kept = Object.entries(given).filter(
            ([key]) =>
              !(off as readonly string[]).includes(key) &&
              !(given.effect === 'deny' && NOT_OF_DENIALS.includes(key)),
          );
          return Object.fromEntries(kept) as unknown as LooseRule; // the same without some optional fields
        }),
    );
}

export const plainAllow: fc.Arbitrary<LooseRule> = tool.map((name) => ({
  effect: 'allow',
  tool: name,
}));

const toolNames = fc.uniqueArray(fc.constantFrom(...TOOLS.map(([name]) => name)), { maxLength: 3 });

/** A granting policy without its rules. */
const frame: fc.Arbitrary<PolicyDocument> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  {
    weight: 3,
    arbitrary: fc.record(
      {
        mode: fc.constantFrom(
          'default' as const,
          'acceptEdits' as const,
          'bypassPermissions' as const,
          'readOnly' as const,
          'dontAsk' as const,
        ),
        allow: toolNames,
        deny: fc.uniqueArray(fc.constantFrom('send_money', 'frobnicate'), { maxLength: 1 }),
        optional: toolNames,
        capabilities: fc.record(
          {
            grant: fc.constantFrom('read-only' as const, 'standard' as const, 'full' as const),
            paths: fc.constantFrom(['/data'], []),
            domains: fc.constantFrom(['b.c'], []),
          },
          { requiredKeys: ['grant'], noNullPrototype: true },
        ),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  },
);

export function withIds(rules: readonly LooseRule[]): readonly RuleDocument[] {
  return rules.map((one, i) => ({ ...one, id: `r${i}` }));
}

export const document: fc.Arbitrary<PolicyDocument> = fc
  .tuple(
    frame,
    fc.array(fc.oneof({ weight: 3, arbitrary: rule() }, { weight: 1, arbitrary: plainAllow }), {
      maxLength: 5,
    }),
  )
  .map(([parts, rules]) => ({ ...parts, rules: withIds(rules) }));

const value = fc.constantFrom<unknown>(
  ...NUMBERS,
  ...WORDS,
  null,
  true,
  0.5,
  Number.NaN,
  10n,
  undefined,
);
const args: fc.Arbitrary<unknown> = fc.oneof(
  fc.record(
    {
      n: fc.oneof({ weight: 3, arbitrary: number }, { weight: 1, arbitrary: value }),
      s: fc.oneof({ weight: 3, arbitrary: word }, { weight: 1, arbitrary: value }),
      path: fc.constantFrom('/data/x', '/data/../etc/x', 'x'),
      l: fc.oneof(fc.array(value, { maxLength: 3 }), value),
      o: fc.oneof(fc.record({ n: value }, { requiredKeys: [] }), value),
    },
    { requiredKeys: [] },
  ),
  value,
);

const context: fc.Arbitrary<CallContext> = fc.record(
  {
    principal: fc.record(
      {
        id: fc.constantFrom('ann', 'bob', 'eve'),
        tenant: fc.constantFrom('t1', 't2'),
        roles: fc.constantFrom(['admin'], ['cfo', 'ops'], []),
      },
      { requiredKeys: ['id'] },
    ),
    agent: fc.constantFrom('coder', 'writer'),
  },
  { requiredKeys: [] },
);

export interface RandomCall {
  readonly info: ToolInfo;
  readonly call: ToolCall;
  readonly context: CallContext;
}

const call: fc.Arbitrary<RandomCall> = fc
  .tuple(fc.constantFrom(...TOOLS), fc.constantFrom('app', 'app', 'app', 'mcp'), args, context)
  .map(([[name, stated], source, given, who_]) => {
    const info: ToolInfo = { identity: { source, name }, facts: factsOf(name, { stated }) };
    return {
      info,
      context: who_,
      call: {
        rid: 'r',
        id: 'c',
        tool: info.identity,
        facts: info.facts,
        args: given,
        confined: given,
        labels: [],
      },
    };
  });

/** Several at once: making a call costs less than making a policy. */
export const CALLS = 12;
export const calls: fc.Arbitrary<readonly RandomCall[]> = fc.array(call, {
  minLength: CALLS,
  maxLength: CALLS,
});
