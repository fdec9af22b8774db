import { type AuditDraft, canonical } from '@guardstile/core';

import type { Place } from './seal-entry.ts';

/** Every field of an entry that hash and MAC cover, in the order of the canonical form. */
const FIELDS = [
  'action',
  'actor',
  'agent',
  'aid',
  'args',
  'attempt',
  'call',
  'code',
  'digest',
  'error',
  'kind',
  'labels',
  'log',
  'ms',
  'parent',
  'payload',
  'policy',
  'prev',
  'reason',
  'requirements',
  'rid',
  'rule',
  'sandbox',
  'seq',
  'session',
  'source',
  'status',
  'tenant',
  'tool',
  'toolDigest',
  'ts',
  'user',
  'v',
  'votes',
] as const satisfies ReadonlyArray<keyof AuditDraft | keyof Place | 'v'>;

const NAMES: readonly string[] = FIELDS.map((name) => `,${JSON.stringify(name)}:`);
const POSITIONS: ReadonlyMap<string, number> = new Map(FIELDS.map((name, i) => [name, i]));
const NOTHING: ReadonlyArray<string | undefined> = FIELDS.map(() => undefined);

/**
 * The canonical form of an entry: what `canonical()` writes, without sorting the same names at every
 * entry. What a draft says of its place does not count.
 */
export function envelope(draft: AuditDraft, { log, seq, ts, prev }: Place): string {
  const entry: Readonly<Record<string, unknown>> = { ...draft, log, seq, ts, prev, v: 1 };
  const values = NOTHING.slice();
  for (const name of Object.keys(entry)) {
    const at = POSITIONS.get(name);
    // A name that is not known belongs somewhere between the others.
    if (at === undefined) return canonical(entry);
    values[at] = canonical(entry[name]);
  }
  let text = '';
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i];
    if (value !== undefined) text += `${NAMES[i]}${value}`;
  }
  return `{${text.slice(1)}}`;
}
