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

const NAMES: readonly string[] = FIELDS.map((name) => `${JSON.stringify(name)}:`);
const KNOWN: ReadonlySet<string> = new Set(FIELDS);

/**
 * The canonical form of an entry: what `canonical()` writes, without sorting the same names at every
 * entry. What a draft says of its place does not count.
 */
export function envelope(draft: AuditDraft, place: Place): string {
  for (const name of Object.keys(draft)) {
    if (!KNOWN.has(name)) return canonical({ ...draft, ...place, v: 1 });
  }
  const own: object = draft;
  const at: object = { ...place, v: 1 };
  let text = '';
  for (let i = 0; i < FIELDS.length; i += 1) {
    const name = FIELDS[i] as string; // within bounds
    const placed = Object.hasOwn(at, name);
    if (!placed && !Object.hasOwn(own, name)) continue;
    const value: unknown = Reflect.get(placed ? at : own, name);
    text += text === '' ? '{' : ',';
    text += NAMES[i] as string; // as many as fields
    text += canonical(value);
  }
  return `${text}}`;
}
