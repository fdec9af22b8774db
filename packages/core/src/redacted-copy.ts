import { cutText } from './cut-text.ts';
import { defineOwn } from './define-own.ts';
import { unusedKey } from './unused-key.ts';

/** What stands in the place of a hidden value. */
export const REDACTED = '[redacted]';

/** Sizes that a bounded copy is cut to. */
const MAX_TEXT = 4096;
const MAX_TOTAL = 16_384;
const MAX_VALUES = 2000;
const MAX_DEPTH = 32;
const MAX_KEY = 200;

/** What is known of a field by its name. */
export interface FieldRules {
  /** The name without secrets. */
  readonly name: string;
  /** Whether the field is hidden whatever it holds. */
  readonly hides: boolean;
}

/** How a copy finds what to hide. */
export interface CopyRules {
  /** The text without secrets. */
  text(text: string): string;
  /** The text without the secrets that the guard itself issued. */
  withoutIssued(text: string): string;
  field(key: string): FieldRules;
  /** How far beyond a cut to look, so that a secret across it is still recognised. */
  margin(): number;
}

interface Copy {
  readonly rules: CopyRules;
  readonly bounded: boolean;
  left: number;
  values: number;
  readonly hidden: string[];
}

/** A frozen, JSON-like copy without secrets, cut to a bounded size. */
export function boundedCopy(value: unknown, rules: CopyRules): unknown {
  // What nobody can change and hides nothing needs no copy, and most arguments are like that.
  if (isHarmless(value, rules, { left: MAX_HARMLESS }, 0)) return value;
  return copyValue(value, { rules, bounded: true, left: MAX_TOTAL, values: 0, hidden: [] }, '', 0);
}

/** A frozen, JSON-like, complete copy without secrets, and the paths of what is hidden in it. */
export function completeCopy(
  value: unknown,
  rules: CopyRules,
): { readonly value: unknown; readonly hidden: readonly string[] } {
  const copy: Copy = { rules, bounded: false, left: Infinity, values: 0, hidden: [] };
  return { value: copyValue(value, copy, '', 0), hidden: copy.hidden };
}

/** Small enough for every bound of a copy. */
const MAX_HARMLESS = 4096;

/** Whether it is its own copy already: frozen JSON, small, and nothing in it to hide. */
function isHarmless(
  value: unknown,
  rules: CopyRules,
  size: { left: number },
  depth: number,
): boolean {
  size.left -= 8;
  if (size.left < 0) return false;
  if (typeof value === 'string') {
    size.left -= value.length;
    return size.left >= 0 && rules.text(value) === value;
  }
  if (typeof value === 'number') return isJsonNumber(value);
  if (typeof value !== 'object' || value === null)
    return typeof value === 'boolean' || value === null;
  if (depth >= MAX_DEPTH || !Object.isFrozen(value)) return false;
  if (Array.isArray(value)) {
    return value.every((item) => isHarmless(item, rules, size, depth + 1));
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) return false;
  for (const key in value) {
    const { hides, name } = rules.field(key);
    const item = (value as Record<string, unknown>)[key];
    size.left -= key.length;
    if (hides || name !== key || !isHarmless(item, rules, size, depth + 1)) return false;
  }
  return size.left >= 0;
}

function copyValue(value: unknown, copy: Copy, path: string, depth: number): unknown {
  copy.values += 1;
  switch (typeof value) {
    case 'string':
      return copyText(value, copy, path);
    case 'boolean':
    case 'undefined':
      return value;
    case 'number':
      return isJsonNumber(value)
        ? value
        : marked('$number', Object.is(value, -0) ? '-0' : String(value));
    case 'bigint':
      return marked('$bigint', copyBigint(value, copy, path));
    case 'object':
      return value === null ? null : copyReadable(value, copy, path, depth);
    default:
      return `[${typeof value}]`;
  }
}

function isJsonNumber(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

function marked(kind: string, value: unknown): unknown {
  return Object.freeze({ [kind]: value });
}

/** Decimal, as people read it, unless it is so long that nobody does: decimal takes quadratic time. */
function copyBigint(value: bigint, copy: Copy, path: string): string {
  const short = BigInt.asIntN(4096, value) === value;
  return copyText(short ? String(value) : `0x${value.toString(16)}`, copy, path);
}

/** Whatever throws while it is looked at (getters, Proxies) is not shown, and never a reason to fail. */
function copyReadable(value: object, copy: Copy, path: string, depth: number): unknown {
  if (copy.bounded && depth >= MAX_DEPTH) return '[deeper]';
  try {
    return copyObject(value, copy, path, depth);
  } catch {
    copy.hidden.push(path);
    return '[unreadable]';
  }
}

function copyObject(value: object, copy: Copy, path: string, depth: number): unknown {
  if (Array.isArray(value)) return copyList(value, value.length, copy, path, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return copyRecord(value as Record<string, unknown>, copy, path, depth);
  }
  if (value instanceof Date) {
    return marked('$date', Number.isNaN(value.getTime()) ? null : value.toISOString());
  }
  if (value instanceof Map) {
    const entries = firstOf(value, copy).map(([key, item]) => namedEntry(key, item));
    return marked('$map', copyList(entries, value.size, copy, path, depth));
  }
  if (value instanceof Set) {
    return marked('$set', copyList(firstOf(value, copy), value.size, copy, path, depth));
  }
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
    // Their number is not what runs: a person has to have them revealed.
    copy.hidden.push(path);
    return marked('$bytes', value.byteLength);
  }
  if (typeof URL === 'function' && value instanceof URL) return copyText(value.href, copy, path);
  if (value instanceof Error) return copyText(`${value.name}: ${value.message}`, copy, path);
  return copyRecord(value as Record<string, unknown>, copy, path, depth);
}

/** No more of a large collection than a copy can hold. */
function firstOf<T>(items: Iterable<T>, copy: Copy): T[] {
  if (!copy.bounded) return [...items];
  const first: T[] = [];
  for (const item of items) {
    if (first.length >= MAX_VALUES) break;
    first.push(item);
  }
  return first;
}

function namedEntry(key: unknown, value: unknown): unknown {
  return typeof key === 'string' ? { [key]: value } : { key, value };
}

function isFull(copy: Copy): boolean {
  return copy.bounded && (copy.values >= MAX_VALUES || copy.left <= 0);
}

function copyList(
  items: readonly unknown[],
  size: number,
  copy: Copy,
  path: string,
  depth: number,
): unknown {
  const list: unknown[] = [];
  for (let i = 0; i < size; i += 1) {
    if (isFull(copy)) {
      list.push(`[${size - i} more]`);
      break;
    }
    const place = copy.bounded ? '' : `${path}[${i}]`;
    list.push(copyValue(items[i], copy, place, depth + 1) ?? null);
  }
  return Object.freeze(list);
}

function copyRecord(
  record: Record<string, unknown>,
  copy: Copy,
  path: string,
  depth: number,
): unknown {
  const result: Record<string, unknown> = {};
  for (const key in record) {
    if (!Object.hasOwn(record, key)) continue;
    if (isFull(copy)) {
      defineOwn(result, '…', '[more]');
      break;
    }
    const field = copy.rules.field(key);
    const name = copyKey(field.name, copy, result);
    const place = copy.bounded ? '' : placeOf(path, name);
    if (field.name !== key && copy.rules.withoutIssued(key) !== field.name) copy.hidden.push(place);
    const value = readable(record, key, copy, place);
    if (field.hides && value !== undefined && value !== null) {
      copy.hidden.push(place);
      defineOwn(result, name, REDACTED);
    } else {
      const copied = copyValue(value, copy, place, depth + 1);
      if (copied !== undefined) defineOwn(result, name, copied);
    }
  }
  return Object.freeze(result);
}

function copyKey(clean: string, copy: Copy, taken: Record<string, unknown>): string {
  const name = copy.bounded && clean.length > MAX_KEY ? `${cutText(clean, MAX_KEY)}…` : clean;
  copy.left -= name.length;
  return unusedKey(taken, name);
}

function placeOf(path: string, key: string): string {
  if (!/^[\p{L}\p{N}_$-]+$/u.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** One field that cannot be read is no reason to lose its neighbours. */
function readable(
  record: Record<string, unknown>,
  key: string,
  copy: Copy,
  place: string,
): unknown {
  try {
    return record[key];
  } catch {
    copy.hidden.push(place);
    return '[unreadable]';
  }
}

function copyText(value: string, copy: Copy, path: string): string {
  const { rules, bounded } = copy;
  const cut = bounded ? Math.min(MAX_TEXT, Math.max(copy.left, 0)) : Infinity;
  const seen = cut + rules.margin();
  const clean = rules.text(value.length > seen ? value.slice(0, seen) : value);
  if (!bounded && clean !== rules.withoutIssued(value)) copy.hidden.push(path);
  const result =
    clean.length > cut ? `${cutText(clean, cut)}… [${value.length} characters]` : clean;
  copy.left -= result.length;
  return result;
}
