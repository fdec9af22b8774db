import { type AuditLog, type Guard, memoryAudit } from '@guardstile/core';

import type { Variant } from './harness.ts';
import { firstHook, refund, type Refund, refundArgs, secondHook, wholePipeline } from './refund.ts';

const key = 'a key for benchmarks, at least 32 bytes long';
const iterations = 64;

async function byHand(args: Refund): Promise<unknown> {
  await firstHook();
  await secondHook();
  return await refund(args);
}
export function coreVariants(): readonly Variant[] {
  const offGuard = wholePipeline({ audit: false });
  const offCall = wholePipeline({ audit: false });
  const off = offGuard.wrap('refund', refund, {facts: 'nonDestructive'});
  const handle = wholePipeline({ audit: false }).tool({name:'refund', facts: 'nonDestructive'});
  const each = wholePipeline({ audit: memoryAudit({ key, sealing: 'each' }) }).wrap('refund', refund);
  const log = memoryAudit({ key, sealing: 'batch' });
  const batch = wholePipeline({ audit: log }).wrap('refund', refund);
  const log2 = memoryAudit({ key, sealing: 'batch' });
  const deferred = wholePipeline({ audit: log2 }).wrap('refund', refund);
  const seal = (l: AuditLog) => async () => (await l.append({ kind: 'application', action: 'seal', actor: 'bench' })).hash;
  return [
    { name: 'floor', iterations, run: () => byHand(refundArgs) },
    { name: 'off wrap', iterations, run: () => off(refundArgs) },
    { name: 'off call', iterations, run: () => offCall.call({ tool: 'refund', args: refundArgs }, refund) },
    { name: 'off tool', iterations, run: () => handle.run({ args: refundArgs }, refund as never) },
    { name: 'each', iterations, run: () => each(refundArgs) },
    { name: 'batch', iterations, run: () => batch(refundArgs), settle: seal(log) },
    { name: 'batch, sealed outside', iterations, run: () => deferred(refundArgs), between: seal(log2) },
  ];
}
