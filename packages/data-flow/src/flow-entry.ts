import type { SessionKey } from '@guardstile/core';

import type { DeclassifiedAs } from './declassification.ts';
import type { FlowRecord } from './session-flow.ts';

/** Something that happened to the memory of a session, as plain data. */
export type FlowEntry =
  | {
      readonly kind: 'kept';
      readonly record: FlowRecord;
      /** Digest of the turn of a conversation that said it. */
      readonly turn?: string;
      /** The framework's id of the call that returned it. */
      readonly call?: string;
    }
  /** One value is worth more than where it came from. */
  | { readonly kind: 'declassified'; readonly value: string; readonly as: DeclassifiedAs }
  /** Something was not seen, or nobody knows any more what was sent first. */
  | { readonly kind: 'missed'; readonly what: 'content' | 'order' }
  /** From here on it is one with another session's. */
  | { readonly kind: 'joined'; readonly to: SessionKey };

/** @throws {TypeError} for what is no entry: nothing is known then. */
export function readEntry(text: string): FlowEntry {
  const entry: unknown = JSON.parse(text);
  if (typeof entry === 'object' && entry !== null && isEntry(entry)) return entry;
  throw new TypeError('a record of the session cannot be read; it was written by another version');
}

function isEntry(entry: object): entry is FlowEntry {
  const { kind, what, record, to, value, as } = Object.assign(
    Object.create(null) as object,
    entry,
  ) as Record<string, unknown>;
  if (kind === 'missed') return what === 'content' || what === 'order';
  if (kind === 'joined') return isObject(to);
  if (kind === 'declassified') return typeof value === 'string' && typeof as === 'string';
  if (kind !== 'kept' || !isObject(record)) return false;
  const { origin, source, leaves, noted, cost, complete } = record;
  return (
    typeof origin === 'string' &&
    isObject(source) &&
    Array.isArray(noted) &&
    typeof cost === 'number' &&
    typeof complete === 'boolean' &&
    isObject(leaves) &&
    typeof leaves['text'] === 'string' &&
    [leaves['starts'], leaves['pattern'], leaves['item'], leaves['patterns']].every(Array.isArray)
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
