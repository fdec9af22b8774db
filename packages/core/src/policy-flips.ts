import type { AuditDraft } from './audit/entry.ts';
import type { EventBase } from './events.ts';
import type { Parts } from './guard-options.ts';
import { PATIENT, whoOf } from './pipeline/call-state.ts';
import { append } from './pipeline/record.ts';
import { trail } from './pipeline/trail.ts';
import type { ToolInfo } from './policy/policy.ts';
import type { Steps } from './steps.ts';

const MOST_REMEMBERED = 1000;

/** Tells listeners and the log, behind the call, what policies would have changed that are tried out. */
export function flipReporter(parts: Parts): NonNullable<ToolInfo['flipped']> {
  const told = new Set<string>();
  return ({ rid, id, tool }, context, flip) => {
    // A call that is decided again, as after an approval, flips once.
    const key = JSON.stringify([rid, flip.policy, flip.rule]);
    if (told.has(key)) return;
    if (told.size >= MOST_REMEMBERED) told.clear();
    told.add(key);
    const base = { at: Date.now(), rid, call: id, tool, ...whoOf(context) };
    parts.events.emit('policy.flip', () => ({ ...base, ...flip }));
    const { rule, ...payload } = flip;
    const draft: AuditDraft = {
      kind: 'policy',
      action: 'policy.flip',
      actor: 'guard',
      rid,
      call: id,
      source: tool.source,
      tool: tool.name,
      ...whoOf(context),
      ...(rule === undefined ? {} : { rule }),
      payload,
    };
    trail(parts, record(parts, draft, base));
  };
}

function* record(parts: Parts, draft: AuditDraft, base: EventBase): Steps<void> {
  yield* append(parts, draft, () => base, PATIENT);
}
