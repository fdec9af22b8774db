import type { AuditDraft } from './audit/entry.ts';
import type { Parts } from './guard-options.ts';
import { PATIENT } from './pipeline/call-state.ts';
import { append } from './pipeline/record.ts';
import { trail } from './pipeline/trail.ts';
import { checkNeeds } from './policy/check-needs.ts';
import type { PolicyChange } from './policy/policy.ts';
import { drive, type Steps, wait } from './steps.ts';

/** Writes changes of a guard's policy into its log, then tells listeners. Returns its undo. */
export function watchPolicy(parts: Parts): () => void {
  const onChange = (change: PolicyChange): Promise<void> => {
    const recorded = (async () => {
      checkNeeds({ name: change.policy, ...change }, parts);
      await drive(record(parts, change));
    })();
    // Not every policy waits, and closing does.
    trail(parts, wait(recorded));
    return recorded;
  };
  return parts.policy.onChange?.(onChange) ?? (() => undefined);
}

function* record(parts: Parts, { policy, change, from, to }: PolicyChange): Steps<void> {
  const at = Date.now();
  const draft: AuditDraft = {
    kind: 'policy',
    action: 'policy.changed',
    actor: 'guard',
    reason: change,
    payload: { policy, from: from ?? null, to: to ?? null },
  };
  yield* append(parts, draft, () => ({ at }), PATIENT);
  parts.events.emit('policy.changed', () => ({ at, policy, change }));
}
