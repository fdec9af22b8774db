import { strict as assert } from 'node:assert';

import { type AuditLog, memoryAudit, type MemoryAuditOptions } from '@guardstile/core';

import { compare, type Group, times } from './figures.ts';
import { measure, type Variant } from './harness.ts';
import type { BenchPlan } from './plan.ts';
import {
  firstHook,
  type Heard,
  nestedRefundArgs,
  refund,
  refundArgs,
  secondHook,
  wholeGuard,
} from './refund.ts';

/** Calls per sample, and per batch that is sealed. */
const CALLS = 64;

const key = new Uint8Array(32).fill(7);

/** Rows 1 and 2: one call of a plain function through the guard, over the same by hand. */
export async function coreRows({ core }: BenchPlan): Promise<Group> {
  const rounds = await measure(await variants(), core);
  return {
    title:
      'Core: a wrapped function, ÷ a hand-written async wrapper that awaits the same hooks and tool',
    notes: [
      'guard.wrap() around an async function that does nothing, awaited in one loop with the floor',
      'policy: one function with three conditions on the arguments, all of them evaluated',
      'hooks: two asynchronous preTool hooks that do nothing, with time limits of 1 and 2 s',
      'listeners: "decision" (redacted copy of the arguments) and "end" (redacted copy of the result)',
      'arguments: five fields, one of them a list, 181 characters; "nested": three more objects inside',
      `a sample is ${CALLS} calls, so that p99 is that of such samples and not of single calls`,
    ],
    rows: compare(rounds, [
      { what: 'audit off', of: 'off', over: 'floor', targets: [{ statistic: 'p50', limit: 9 }] },
      { what: 'audit off, nested arguments', of: 'off, nested', over: 'floor' },
      {
        what: 'audit in memory, sealed at each entry',
        of: 'each',
        over: 'floor',
        targets: [{ statistic: 'p50', limit: 55 }],
      },
      {
        what: `the same in batches of ${2 * CALLS} entries, sealing included`,
        of: 'batch, sealed',
        over: 'floor',
        targets: [{ statistic: 'p50', limit: 30 }],
      },
      { what: 'the same, sealing not included', of: 'batch', over: 'floor' },
    ]),
    times: times(rounds),
  };
}

async function byHand(args: object): Promise<unknown> {
  await firstHook();
  await secondHook();
  return await refund(args);
}

async function variants(): Promise<readonly Variant[]> {
  const sealed = sealingIn('batch');
  const unsealed = sealingIn('batch');
  return [
    { name: 'floor', iterations: CALLS, run: () => byHand(refundArgs) },
    { name: 'off', iterations: CALLS, run: await guarded(refundArgs, false) },
    { name: 'off, nested', iterations: CALLS, run: await guarded(nestedRefundArgs, false) },
    { name: 'each', iterations: CALLS, run: await guarded(refundArgs, sealingIn('each')) },
    {
      name: 'batch, sealed',
      iterations: CALLS,
      run: await guarded(refundArgs, sealed),
      settle: () => seal(sealed),
    },
    {
      name: 'batch',
      iterations: CALLS,
      run: await guarded(refundArgs, unsealed),
      between: () => seal(unsealed),
    },
  ];
}

function sealingIn(sealing: NonNullable<MemoryAuditOptions['sealing']>): AuditLog {
  return memoryAudit({ key, sealing });
}

/** A guarded call that was seen to do everything that is measured. */
async function guarded(args: object, audit: AuditLog | false): Promise<() => unknown> {
  const heard: Heard = { count: 0, last: undefined };
  const wrapped = wholeGuard({ audit }, heard).wrap('refund', refund, { facts: 'nonDestructive' });
  assert.deepEqual(await wrapped(args), { refunded: true });
  assert.equal(heard.count, 2);
  if (audit !== false) assert.equal((await audit.query({ tool: 'refund' })).length, 2);
  return () => wrapped(args);
}

/** The hash of an entry seals everything before it. The entry itself is one in 129. */
async function seal(log: AuditLog): Promise<string> {
  const receipt = await log.append({ kind: 'application', action: 'batch.end', actor: 'bench' });
  return receipt.hash;
}
