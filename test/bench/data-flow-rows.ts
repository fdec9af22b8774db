import { strict as assert } from 'node:assert';

import {
  type CallContext,
  createGuard,
  type Guard,
  layers,
  type PolicyFunction,
} from '@guardstile/core';
import { createDataFlow, flowPolicy } from '@guardstile/data-flow';

import { compare, type Group, type Row, spread, times } from './figures.ts';
import { measure, type Variant } from './harness.ts';
import type { BenchPlan } from './plan.ts';
import { threeConditions } from './refund.ts';

const MEGABYTE = 1_000_000;
const CALLS = 64;

const context: CallContext = { principal: { id: 'u-17' }, session: 's-4711' };
const labels = { '[].to': 'trusted:payee', '[].from': 'trusted:payee' } as const;

interface Payment {
  readonly id: number;
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  readonly note: string;
  readonly mail: string;
}

/** Numbers that look like any, the same in every run. */
function digits(seed: number, count: number): string {
  let all = '';
  for (let n = seed + 1; all.length < count; n = (n * 48_271) % 2_147_483_647) all += String(n);
  return all.slice(0, count);
}

function payment(id: number): Payment {
  return {
    id,
    from: `DE${digits(2 * id, 20)}`,
    to: `GB${digits(2 * id + 1, 20)}`,
    amount: Number(digits(id, 7)) / 100,
    note: `Invoice ${digits(id, 6)}: thank you for the delivery of parcel ${id}, please confirm`,
    mail: `customer.${id}@shop${id % 97}.example.com`,
  };
}

/** A megabyte of JSON, as a bank would return it. */
function megabyte(): readonly [readonly Payment[], string] {
  const size = JSON.stringify(payment(1000)).length + 1;
  const list = Array.from({ length: Math.ceil(MEGABYTE / size) }, (_, i) => payment(i));
  return [list, JSON.stringify(list)];
}

/** What it costs to know where a value came from, with 1 MB of labelled text in the session. */
export async function dataFlowRows({ core, quick }: BenchPlan): Promise<Group> {
  const [list, json] = megabyte();
  const refundArgs = {
    orderId: 'o-2026',
    currency: 'EUR',
    to: list[list.length >> 1]?.to,
    amount: 49.9,
    mail: 'eve@example.com',
  };
  const calls = await measure(
    [
      { name: 'without', iterations: CALLS, run: await deciding(refundArgs, undefined) },
      { name: 'three checks', iterations: CALLS, run: await deciding(refundArgs, list) },
    ],
    core,
  );
  const labelling = await measure(labellers(list, json), {
    ...core,
    passes: quick ? 2 : 12,
    burst: 1,
    warmupPasses: quick ? 1 : 4,
  });
  return {
    title: 'Data flow: where values came from, with 1 MB of labelled text in the session',
    notes: [
      `the text: ${list.length} payments as JSON (${Math.round(json.length / 1000)} kB), two fields of each trusted, the others untrusted`,
      'a decision: guard.decide() of a call with five arguments under a policy with three conditions; with checks: three arguments have to come from the prompt or a trusted field, and all do; the adapter hands over the prompt with every call',
      'labelling: what a guarded call of a tool that returns the parsed text costs in a new session, all of it; the text is indexed when it is first looked into, which "and indexed" includes for every origin',
      'memory: heap and buffers of a session with the text, all of it indexed, over the length of the JSON',
    ],
    rows: [
      ...compare(calls, [
        {
          what: 'a decision with three checks, ÷ one without',
          of: 'three checks',
          over: 'without',
          targets: [{ statistic: 'p50', limit: 5 }],
        },
      ]),
      ...compare(labelling, [
        {
          what: 'labelling, ÷ JSON.parse of the same text',
          of: 'label',
          over: 'parse',
          targets: [{ statistic: 'p50', limit: 3 }],
        },
        {
          what: 'labelling and indexing all of it, ÷ the same',
          of: 'label and index',
          over: 'parse',
        },
      ]),
      await memoryRow(json),
    ],
    times: [...times(calls), ...times(labelling)],
  };
}

const from = ['prompt', 'trusted:payee'] as const;
const rules = flowPolicy({
  tools: {
    list: { labels },
    refund: {
      args: { to: { from }, amount: { from, shortest: 3 }, mail: { from, part: 'email' } },
    },
  },
});
const turns = [{ role: 'user', text: 'Refund 49.90 and tell eve@example.com' }] as const;

const conditions: PolicyFunction = (call, who) =>
  call.tool.name === 'list' ? 'allow' : threeConditions(call, who);

function guardOf(hasFlow: boolean): Guard {
  if (!hasFlow) return createGuard({ policy: conditions, audit: false, context });
  const policy = layers([
    { name: 'app', grants: conditions },
    { name: 'data flow', restricts: rules },
  ]);
  return createGuard({ policy, dataFlow: createDataFlow(), audit: false, context });
}

/** A call that returns the content, so that the session has it. */
function listing(guard: Guard, content: unknown): () => unknown {
  return guard.wrap('list', () => content, { facts: 'readOnly' });
}

/** A call that is decided and not run, so that nothing but the decision is measured. */
async function deciding(
  args: object,
  content: readonly Payment[] | undefined,
): Promise<() => unknown> {
  const guard = guardOf(content !== undefined);
  await guard.heard(turns);
  listing(guard, content ?? [])();
  const tool = guard.tool({ name: 'refund', facts: 'money' });
  const said = () => turns;
  const decision = await tool.decide({ args, turns: said });
  assert.equal(decision.effect, 'allow', decision.reason);
  const stranger = { ...args, to: 'US133000000121212121212' };
  const { effect } = await tool.decide({ args: stranger, turns: said });
  assert.equal(effect, content === undefined ? 'allow' : 'ask');
  return () => tool.decide({ args, turns: said });
}

function labellers(list: readonly Payment[], json: string): readonly Variant[] {
  const label = () => {
    const guard = guardOf(true);
    listing(guard, list)();
    return guard;
  };
  return [
    { name: 'parse', iterations: 1, run: () => JSON.parse(json) as unknown },
    { name: 'label', iterations: 1, run: label },
    { name: 'label and index', iterations: 1, run: () => lookUp(label()) },
  ];
}

/** The first look into what a session holds. */
function lookUp(guard: Guard): unknown {
  const args = { to: 'nowhere-to-be-seen' };
  return guard.tool({ name: 'refund', facts: 'money' }).decide({ args });
}

const SESSIONS = 8;

async function memoryRow(json: string): Promise<Row> {
  const before = used();
  const kept = Array.from({ length: SESSIONS }, () => guardOf(true));
  for (const guard of kept) {
    // Parsed for each: the texts of a value are the session's own.
    listing(guard, JSON.parse(json))();
    await lookUp(guard);
  }
  const ratio = (used() - before) / SESSIONS / json.length;
  assert.equal(kept.length, SESSIONS);
  return {
    what: 'memory of a session, ÷ the text',
    figures: { mean: spread([ratio]) },
    targets: [{ statistic: 'mean', limit: 4 }],
  };
}

function used(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
