import type { AuditDraft } from './audit/entry.ts';
import type { Parts } from './guard-options.ts';
import { PATIENT } from './pipeline/call-state.ts';
import { trail } from './pipeline/trail.ts';
import type { PolicyChange } from './policy/policy.ts';
import type { Steps } from './steps.ts';

/** Tells listeners and the log when the policy of a guard is changed. Returns its undo. */
export function watchPolicy(parts: Parts): () => void {
  const tell = ({ policy, change, from, to }: PolicyChange): void => {
    parts.events.emit('policy.changed', () => ({ at: Date.now(), policy, change }));
    const draft: AuditDraft = {
      kind: 'policy',
      action: 'policy.changed',
      actor: 'guard',
      reason: change,
      payload: { policy, from: from ?? null, to: to ?? null },
    };
    trail(parts, append(parts, draft));
  };
  return parts.policy.onChange?.(tell) ?? (() => undefined);
}

function* append({ audit, storeTimeoutMs }: Parts, draft: AuditDraft): Steps<void> {
  if (audit === undefined) return;
  const late = (): Error => new Error(`it took longer than ${storeTimeoutMs} ms`);
  yield* PATIENT.for(audit.append(draft), storeTimeoutMs, late);
}
