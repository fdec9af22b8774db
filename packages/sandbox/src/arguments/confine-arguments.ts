import type { Confinement, ToolCall } from '@guardstile/core';

import { type FieldUses, fieldWithin } from './declared-fields.ts';
import { wordsOf } from './words-of.ts';

/** What is looked for in arguments, and what becomes of it. */
export interface ArgumentKind<Use> {
  /** Words of field names that name one. */
  readonly words: ReadonlySet<string>;
  /** What a field is only together with what it holds, or with the fields beside it. */
  together?(field: string, value: unknown, beside: Readonly<Record<string, unknown>>): unknown;
  /** Whether a text is one by its look, whatever its field. */
  looksLike(text: string): boolean;
  /** What the tool gets instead. Throws where that is nothing. */
  confine(value: unknown, found: Found<Use>): unknown;
  /** Looks at a text that is none. Throws where the call has to be refused all the same. */
  pass?(text: string): void;
}

/** How something was found: as it was declared, by the name of its field, or by its look. */
export type Found<Use> = Use | 'declared' | 'named' | 'look';

interface Walk<Use> {
  readonly kind: ArgumentKind<Use>;
  readonly uses: FieldUses<Use>;
  readonly autoDetect: boolean;
  readonly count: { left: number };
}

/** More than a person would ever read, and few enough to be resolved in one go. */
const MOST = 5000;

/** The arguments with everything of a kind replaced by what it resolves to. */
export function confineArguments<Use>(
  { confined }: ToolCall,
  kind: ArgumentKind<Use>,
  uses: FieldUses<Use>,
  autoDetect: boolean,
): Confinement {
  try {
    const walk = { kind, uses, autoDetect, count: { left: MOST } };
    return { args: confineValue(confined, walk, '', undefined) };
  } catch (error) {
    if (error instanceof ArgumentRefusal) return { refused: error.message };
    throw error;
  }
}

/** Why arguments are refused; it becomes the guard's `sandbox_refused`. */
class ArgumentRefusal extends Error {}

export function refusedArgument(why: string): Error {
  return new ArgumentRefusal(why);
}

function confineValue<Use>(
  value: unknown,
  walk: Walk<Use>,
  field: string,
  inherited: Found<Use> | false | undefined,
): unknown {
  const found = walk.uses.get(field) ?? inherited;
  if (Array.isArray(value)) {
    return unlessSame(value, (item) => confineValue(item, walk, field, found));
  }
  if (value instanceof Set) {
    return new Set([...value].map((item) => confineValue(item, walk, field, found)));
  }
  if (value instanceof Map) {
    const items = [...value].map(([key, item]) => confineField(key, item, {}, walk, field, found));
    return new Map(distinct(items));
  }
  if (isRecord(value)) return confineRecord(value, walk, field, found);
  return confineOne(value, walk, found);
}

/** A text, a URL, bytes, a number: what has no parts. */
function confineOne<Use>(
  value: unknown,
  { kind, autoDetect, count }: Walk<Use>,
  found: Found<Use> | false | undefined,
): unknown {
  if (found === false || value === undefined || value === null) return value;
  const text = value instanceof URL ? value.href : value;
  const how = found ?? (isText(text) && autoDetect && kind.looksLike(text) ? 'look' : undefined);
  if (how === undefined || (how === 'named' && !isText(text) && !Array.isArray(text))) {
    if (isText(text)) kind.pass?.(text);
    return value;
  }
  count.left -= 1;
  if (count.left < 0) throw refusedArgument(`there are more than ${MOST} of them in one call`);
  return kind.confine(value, how);
}

function confineRecord<Use>(
  record: Readonly<Record<string, unknown>>,
  walk: Walk<Use>,
  field: string,
  found: Found<Use> | false | undefined,
): unknown {
  const before = Object.entries(record);
  const after = before.map(([key, value]) => confineField(key, value, record, walk, field, found));
  const same = after.every(([key, value], i) => key === before[i]?.[0] && value === before[i]?.[1]);
  if (same) return record;
  // A key of the caller's may be `__proto__` by now: that is data and no prototype.
  const result = Object.create(Object.getPrototypeOf(record) as object | null) as object;
  for (const [key, value] of distinct(after)) {
    Object.defineProperty(result, key as string, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}

function confineField<Use>(
  key: unknown,
  value: unknown,
  beside: Readonly<Record<string, unknown>>,
  walk: Walk<Use>,
  field: string,
  found: Found<Use> | false | undefined,
): readonly [unknown, unknown] {
  if (typeof key !== 'string') return [key, confineValue(value, walk, field, found)];
  const inner = fieldWithin(field, key);
  // A name is found by its own words only; what is declared holds for everything within.
  const inherited = found === 'named' ? undefined : found;
  const named = walk.autoDetect && isNamed(key, walk.kind.words) ? 'named' : undefined;
  const how = walk.uses.get(inner) ?? inherited ?? named;
  const together = how ? walk.kind.together?.(key, value, beside) : undefined;
  if (together !== undefined) {
    confineOne(together, walk, how);
    return [key, value];
  }
  return [confineKey(key, walk, found), confineValue(value, walk, inner, how)];
}

/** `{ files: { '../x': 'text' } }` names a path too. */
function confineKey<Use>(
  key: string,
  walk: Walk<Use>,
  found: Found<Use> | false | undefined,
): unknown {
  return confineOne(key, walk, found === false ? false : undefined);
}

/** No name of a field is longer, and to read one costs time. */
const LONGEST_NAME = 256;

function isNamed(name: string, words: ReadonlySet<string>): boolean {
  return name.length <= LONGEST_NAME && wordsOf(name).some((word) => words.has(word));
}

/** Two names that lead to the same thing would leave one of their values out. */
function distinct(
  items: ReadonlyArray<readonly [unknown, unknown]>,
): ReadonlyArray<readonly [unknown, unknown]> {
  if (new Set(items.map(([key]) => key)).size === items.length) return items;
  throw refusedArgument('two names in the arguments lead to the same thing');
}

function unlessSame<T>(list: readonly T[], change: (item: T) => unknown): readonly unknown[] {
  const changed = list.map(change);
  return changed.every((item, i) => item === list[i]) ? list : changed;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
