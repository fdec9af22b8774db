import { type AuditEntry, digest } from '@guardstile/core';

/** The arguments of a recorded call, as far as the log holds them. */
export type RecordedArgs =
  /** Exactly what was decided on: the digest of the entry says so. */
  | { readonly kind: 'exact'; readonly value: unknown }
  /** What was redacted or cut is marked in it. */
  | { readonly kind: 'partial'; readonly value: Marked }
  | { readonly kind: 'missing' };

/** A recorded value that says which parts of it are not what they were. */
export type Marked =
  | { readonly kind: 'hidden' }
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly Marked[]; readonly open: boolean }
  | {
      readonly kind: 'record';
      readonly fields: ReadonlyMap<string, Marked>;
      /** Whether it had fields that the log does not name. */
      readonly open: boolean;
    };

const HIDDEN: Marked = Object.freeze({ kind: 'hidden' });

/** Reads what an entry holds of the arguments. Nothing is taken for exact without its digest. */
export function readRecordedArgs(entry: AuditEntry): RecordedArgs {
  if (!Object.hasOwn(entry, 'args')) return { kind: 'missing' };
  const { args } = entry;
  if (digestOf(args) === entry.digest) return { kind: 'exact', value: args };
  try {
    return readMarks(args, entry.digest);
  } catch {
    return { kind: 'partial', value: HIDDEN }; // nested deeper than anybody can look
  }
}

function readMarks(args: unknown, digested: string | undefined): RecordedArgs {
  if (holdsNames(args)) {
    const value = restored(args);
    if (digestOf(value) === digested) return { kind: 'exact', value };
  }
  const value = mark(args);
  // Something differs, and nothing says what.
  return { kind: 'partial', value: holdsHidden(value) ? value : HIDDEN };
}

function digestOf(value: unknown): string | undefined {
  try {
    return digest('args', value);
  } catch {
    return undefined;
  }
}

const NAMES_VALUE: Readonly<Record<string, (value: unknown) => unknown>> = {
  $number: (value) => Number(value),
  $bigint: (value) => BigInt(String(value)),
  $date: (value) => new Date(typeof value === 'string' ? value : Number.NaN),
  $set: (value) => new Set((value as readonly unknown[]).map(restored)),
};

function holdsNames(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([name, item]) => Object.hasOwn(NAMES_VALUE, name) || holdsNames(item),
  );
}

/** With values that JSON lacks in the place of what the log writes for them. */
function restored(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(restored);
  const entries = Object.entries(value);
  const [[name, inner] = ['', undefined]] = entries;
  if (entries.length === 1 && Object.hasOwn(NAMES_VALUE, name)) {
    try {
      return NAMES_VALUE[name]?.(inner);
    } catch {
      return value;
    }
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, restored(item)]));
}

const REDACTED = '[redacted]';
/** What the log writes in the place of what it cut off or could not read. */
const CUT = /… \[\d+ characters\]$|^\[(?:\d+ more|deeper|unreadable|function|symbol)\]$/u;
const MORE = /^\[\d+ more\]$/;
const CUT_RECORD = '…';

function isHiddenText(text: string): boolean {
  return text.includes(REDACTED) || CUT.test(text);
}

function mark(value: unknown): Marked {
  if (typeof value === 'string') return isHiddenText(value) ? HIDDEN : { kind: 'value', value };
  if (typeof value === 'number' || typeof value === 'boolean') return { kind: 'value', value };
  if (typeof value !== 'object') return HIDDEN;
  if (value === null) return { kind: 'value', value };
  return Array.isArray(value) ? markList(value) : markRecord(value);
}

function markList(list: readonly unknown[]): Marked {
  const last = list.at(-1);
  const open = typeof last === 'string' && MORE.test(last);
  const known = open ? list.slice(0, -1) : list;
  // What was `undefined` is written as null.
  const items = known.map((item) => (item === null ? HIDDEN : mark(item)));
  return { kind: 'list', items, open };
}

const MARKS: ReadonlySet<string> = new Set([
  '$number',
  '$bigint',
  '$date',
  '$map',
  '$set',
  '$bytes',
]);

function markRecord(record: object): Marked {
  const entries = Object.entries(record);
  // It may stand for something else.
  if (entries.length === 1 && entries.some(([name]) => MARKS.has(name))) return HIDDEN;
  const isCut = (name: string): boolean => name === CUT_RECORD || name.endsWith('…');
  const named = entries.filter(([name]) => !isCut(name) && !name.includes(REDACTED));
  return {
    kind: 'record',
    fields: new Map(named.map(([name, value]) => [name, mark(value)])),
    open: named.length < entries.length,
  };
}

function holdsHidden(value: Marked): boolean {
  switch (value.kind) {
    case 'hidden':
      return true;
    case 'value':
      return false;
    case 'list':
      return value.open || value.items.some(holdsHidden);
    case 'record':
      return value.open || [...value.fields.values()].some(holdsHidden);
  }
}
