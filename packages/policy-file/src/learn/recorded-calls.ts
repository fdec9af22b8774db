import type { AuditEntry, Effect } from '@guardstile/core';

import { readRecordedArgs, type RecordedArgs } from './recorded-args.ts';

/** One call that a log holds, with what was decided of it first. */
export interface RecordedCall {
  readonly rid: string;
  readonly source: string;
  readonly tool: string;
  /** `ask` also where a person agreed later. */
  readonly effect: Effect;
  /** Why it was refused, where it was. */
  readonly code: string | undefined;
  readonly ts: number;
  readonly args: RecordedArgs;
  readonly user: string | undefined;
  readonly tenant: string | undefined;
  readonly agent: string | undefined;
  readonly session: string | undefined;
  /** Digest of the whole policy that decided. */
  readonly policy: string | undefined;
}

const EFFECTS: Readonly<Record<string, Effect>> = {
  'tool.allow': 'allow',
  'tool.ask': 'ask',
  'tool.deny': 'deny',
};

/**
 * The calls in a log, one after the other. Entries that come of an answer to an ask are the same call.
 * Keeps the ids of asks that have no answer yet, and nothing else.
 */
export function* recordedCalls(entries: Iterable<AuditEntry>): Generator<RecordedCall> {
  const asked = new Set<string>();
  for (const entry of entries) {
    const effect = effectOf(entry);
    if (effect === undefined || typeof entry.tool !== 'string') continue;
    const rid = textOf(entry.rid) ?? '';
    if (asked.has(rid)) {
      if (effect !== 'ask') asked.delete(rid);
      continue;
    }
    if (effect === 'ask') asked.add(rid);
    yield {
      rid,
      source: textOf(entry.source) ?? 'app',
      tool: entry.tool,
      // Somebody was asked, in a log or a time that is not among these.
      effect: effect === 'allow' && Object.hasOwn(entry, 'aid') ? 'ask' : effect,
      code: textOf(entry.code),
      ts: entry.ts,
      args: readRecordedArgs(entry),
      user: textOf(entry.user),
      tenant: textOf(entry.tenant),
      agent: textOf(entry.agent),
      session: textOf(entry.session),
      policy: textOf(entry.policy),
    };
  }
}

function effectOf({ kind, action }: AuditEntry): Effect | undefined {
  return kind === 'decision' && Object.hasOwn(EFFECTS, action) ? EFFECTS[action] : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
