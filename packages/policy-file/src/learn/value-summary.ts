import type { Literal } from '@guardstile/policy';

import { isRecord } from '../json-schema-of.ts';
import { directories, type Directories } from './directories.ts';
import type { Marked, RecordedArgs } from './recorded-args.ts';

/** What is known of the values that one field had, in space that does not grow with their number. */
export interface ValueSummary {
  readonly seen: number;
  /** How often the log hides what it was. */
  readonly hidden: number;
  readonly kinds: ReadonlySet<ValueKind>;
  /** Every literal, or `undefined` where there were too many. */
  readonly literals: readonly Literal[] | undefined;
  readonly numbers: { readonly least: number; readonly most: number } | undefined;
  /** Directories that all texts are in, where all are plain absolute paths. */
  readonly directories: readonly string[] | undefined;
  /** Hosts with their schemes, where all texts are URLs. */
  readonly hosts: readonly string[] | undefined;
  /** Hosts of addresses, where all texts are mail addresses. */
  readonly mailHosts: readonly string[] | undefined;
  readonly items: ValueSummary | undefined;
  readonly fields: ReadonlyMap<string, ValueSummary>;
  /** Whether it had more fields than are kept, or fields that the log does not name. */
  readonly more: boolean;
}

export type ValueKind = 'text' | 'number' | 'boolean' | 'null' | 'list' | 'record' | 'other';

/** Sees values, one after the other. */
export interface ValueCollector {
  /** Adds a value as it was; the result stays the same whatever becomes of the value. */
  add(value: unknown): void;
  addMarked(value: Marked): void;
  summary(): ValueSummary;
}

const MOST_LITERALS = 12;
const LONGEST_LITERAL = 200;
const MOST_HOSTS = 12;
const MOST_FIELDS = 50;
const LONGEST_NAME = 100;
const DEEPEST = 3;
const MOST_ITEMS = 200;

const URL_TEXT = /^[a-z][a-z0-9+.-]*:\/\/[^\s\\@\p{Cc}\p{Cf}]+$/iu;
const MAIL_TEXT = /^[A-Za-z0-9.+_-]{1,64}@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)$/;

/** Adds the arguments of a call. */
export function addArgs(collector: ValueCollector, args: RecordedArgs): void {
  if (args.kind === 'exact') collector.add(args.value);
  else collector.addMarked(args.kind === 'partial' ? args.value : { kind: 'hidden' });
}

export function valueCollector(depth = 0): ValueCollector {
  const kinds = new Set<ValueKind>();
  const literals = bounded<Literal>(MOST_LITERALS);
  const hosts = bounded<string>(MOST_HOSTS);
  const mailHosts = bounded<string>(MOST_HOSTS);
  const paths: Directories = directories();
  const fields = new Map<string, ValueCollector>();
  const counts = { seen: 0, hidden: 0 };
  let numbers: { least: number; most: number } | undefined;
  let items: ValueCollector | undefined;
  let more = false;

  const addText = (text: string): void => {
    kinds.add('text');
    if (text.length > LONGEST_LITERAL) literals.overflow();
    else literals.add(text);
    hosts.add(URL_TEXT.test(text) ? addressOf(text) : undefined);
    mailHosts.add(MAIL_TEXT.exec(text)?.[1]?.toLowerCase());
    paths.add(text);
  };
  const addNumber = (value: number): void => {
    kinds.add(Number.isFinite(value) ? 'number' : 'other');
    const number = value + 0; // -0 compares as 0
    literals.add(number);
    numbers = {
      least: Math.min(numbers?.least ?? number, number),
      most: Math.max(numbers?.most ?? number, number),
    };
  };
  const field = (name: string): ValueCollector | undefined => {
    const known = fields.get(name);
    if (known !== undefined) return known;
    if (fields.size >= MOST_FIELDS || name.length > LONGEST_NAME || depth >= DEEPEST) {
      more = true;
      return undefined;
    }
    const made = valueCollector(depth + 1);
    fields.set(name, made);
    return made;
  };
  const list = (): ValueCollector => (items ??= valueCollector(depth + 1));

  const add = (value: unknown): void => {
    counts.seen += 1;
    if (typeof value === 'string') addText(value);
    else if (typeof value === 'number') addNumber(value);
    else if (typeof value === 'boolean' || value === null) {
      kinds.add(value === null ? 'null' : 'boolean');
      literals.add(value);
    } else if (Array.isArray(value)) {
      kinds.add('list');
      if (value.length > MOST_ITEMS || depth >= DEEPEST) more = true;
      else for (const item of value) list().add(item);
    } else if (isPlain(value)) {
      kinds.add('record');
      for (const [name, item] of Object.entries(value)) {
        if (item !== undefined) field(name)?.add(item);
      }
    } else kinds.add('other');
  };

  const addMarked = (value: Marked): void => {
    if (value.kind === 'value') {
      add(value.value);
      return;
    }
    counts.seen += 1;
    if (value.kind === 'hidden') {
      counts.hidden += 1;
      return;
    }
    kinds.add(value.kind);
    more ||= value.open;
    if (value.kind === 'record') {
      for (const [name, item] of value.fields) field(name)?.addMarked(item);
    } else if (depth >= DEEPEST) more = true;
    else for (const item of value.items.slice(0, MOST_ITEMS)) list().addMarked(item);
  };

  return {
    add,
    addMarked,
    summary: () => ({
      ...counts,
      kinds,
      literals: literals.all(),
      numbers,
      directories: paths.roots(),
      hosts: hosts.all(),
      mailHosts: mailHosts.all(),
      items: items?.summary(),
      fields: new Map([...fields].map(([name, one]) => [name, one.summary()])),
      more,
    }),
  };
}

/** Scheme and host as the matcher `domain` reads them. */
function addressOf(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, host, hostname } = new URL(text);
  return hostname === '' || hostname.endsWith('.') ? undefined : `${protocol}//${host}`;
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (!isRecord(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Different values, until there are too many, or one that does not count as such. */
function bounded<T>(most: number): {
  add(value: T | undefined): void;
  overflow(): void;
  all(): readonly T[] | undefined;
} {
  let values: Set<T> | undefined = new Set();
  return {
    add(value) {
      if (value === undefined) values = undefined;
      values?.add(value as T); // not undefined, see above
      if ((values?.size ?? 0) > most) values = undefined;
    },
    overflow() {
      values = undefined;
    },
    all: () => (values === undefined || values.size === 0 ? undefined : [...values]),
  };
}
