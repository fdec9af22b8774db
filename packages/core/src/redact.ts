import { GuardError } from './errors.ts';
import { wordsOf } from './name-facts.ts';
import { namesSecret, SECRET_PATTERNS } from './secret-patterns.ts';

/** What to hide beside what is hidden anyway; the built-in list can only be extended. */
export interface RedactOptions {
  /** Field names, matched at any depth regardless of case. */
  readonly keys?: readonly string[];
  /** Patterns of values. */
  readonly patterns?: readonly RegExp[];
}

/** What stands in the place of a hidden value. */
export const REDACTED = '[redacted]';

/** Hides secrets: by field name at any depth, by the look of a value, and those the guard issued. */
export interface Redactor {
  /** A frozen, JSON-like copy without secrets, cut to a bounded size, for logs and events. */
  stored(value: unknown): unknown;
  /** A frozen, JSON-like, complete copy for a person, and the paths of what is hidden in it. */
  shown(value: unknown): { readonly value: unknown; readonly hidden: readonly string[] };
  /** The text without secrets. */
  text(text: string): string;
  /**
   * A tool's result without secrets, otherwise unchanged.
   *
   * @throws {TypeError} for what cannot be looked into.
   */
  result(value: unknown): unknown;
  /** The result without the values that the guard issued; other values stay. */
  withoutIssued(value: unknown): unknown;
  /** Also hides these fields. */
  with(keys: readonly string[]): Redactor;
  /** Hides a secret that the guard hands to a tool. */
  issue(secret: string): void;
}

/** Sizes that a stored copy is cut to. */
const MAX_TEXT = 4096;
const MAX_TOTAL = 16_384;
const MAX_VALUES = 2000;
const MAX_DEPTH = 32;
/** Beyond the cut, so that a secret across it is still recognised. */
const MARGIN = 512;
const KNOWN_NAMES = 5000;
/** Issued secrets shorter than this are only hidden where they are the whole text. */
const SHORTEST_PART = 6;

interface Copy {
  readonly bounded: boolean;
  left: number;
  values: number;
  readonly hidden: string[];
}

export function createRedactor(options: RedactOptions = {}): Redactor {
  return build(options, new Set());
}

function build(options: RedactOptions, issued: Set<string>): Redactor {
  const keys = new Set((options.keys ?? []).map((key) => key.toLowerCase()));
  const patterns = [...SECRET_PATTERNS, ...(options.patterns ?? []).map(globalPattern)];
  const anyPattern = new RegExp(
    SECRET_PATTERNS.map(({ source, flags }) => (flags.includes('i') ? anyCase(source) : source)).join('|'),
  );
  const own = options.patterns ?? [];
  const names = new Map<string, boolean>();

  function isSecretName(name: string): boolean {
    let secret = names.get(name);
    if (secret === undefined) {
      secret = keys.has(name.toLowerCase()) || namesSecret(wordsOf(name));
      if (names.size < KNOWN_NAMES) names.set(name, secret);
    }
    return secret;
  }

  function withoutIssuedText(text: string): string {
    let result = text;
    for (const secret of issued) {
      if (secret.length >= SHORTEST_PART) result = result.replaceAll(secret, REDACTED);
      else if (result === secret) return REDACTED;
    }
    return result;
  }

  function text(original: string): string {
    let result = issued.size === 0 ? original : withoutIssuedText(original);
    if (result.length < 8) return result;
    if (own.length > 0 || anyPattern.test(result)) {
      for (const pattern of patterns) result = result.replace(pattern, REDACTED);
    }
    return result;
  }

  function copyText(value: string, copy: Copy, path: string): string {
    const cut = copy.bounded ? Math.min(MAX_TEXT, Math.max(copy.left, 0)) : Infinity;
    const long = value.length > cut + MARGIN;
    const clean = text(long ? value.slice(0, cut + MARGIN) : value);
    if (!copy.bounded && clean !== withoutIssuedText(value)) copy.hidden.push(path);
    const result =
      clean.length > cut ? `${clean.slice(0, cut)}… [${value.length} characters]` : clean;
    copy.left -= result.length;
    return result;
  }

  function copyValue(value: unknown, copy: Copy, path: string, depth: number): unknown {
    copy.values += 1;
    if (copy.bounded && copy.values > MAX_VALUES) return '[…]';
    switch (typeof value) {
      case 'string':
        return copyText(value, copy, path);
      case 'boolean':
        return value;
      case 'number':
        return Number.isFinite(value) ? value : { $number: String(value) };
      case 'undefined':
        return value;
      case 'bigint':
        return { $bigint: String(value) };
      case 'object':
        return value === null ? null : copyObject(value, copy, path, depth);
      default:
        return `[${typeof value}]`;
    }
  }

  function copyObject(value: object, copy: Copy, path: string, depth: number): unknown {
    if (copy.bounded && depth >= MAX_DEPTH) return '[deeper]';
    if (Array.isArray(value)) {
      const list: unknown[] = [];
      for (let i = 0; i < value.length; i += 1) {
        if (copy.bounded && copy.values > MAX_VALUES) {
          list.push(`[${value.length - i} more]`);
          break;
        }
        list.push(copyValue(value[i], copy, `${path}[${i}]`, depth + 1) ?? null);
      }
      return Object.freeze(list);
    }
    if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() };
    if (value instanceof Map) {
      return { $map: copyObject([...value.entries()].map(namedEntry), copy, path, depth) };
    }
    if (value instanceof Set) return { $set: copyObject([...value], copy, path, depth) };
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return { $bytes: value.byteLength };
    if (typeof URL === 'function' && value instanceof URL) return copyText(value.href, copy, path);
    if (value instanceof Error) return copyText(`${value.name}: ${value.message}`, copy, path);
    return copyRecord(value as Record<string, unknown>, copy, path, depth);
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
      if (copy.bounded && copy.values > MAX_VALUES) {
        result['…'] = '[more]';
        break;
      }
      copy.left -= key.length;
      const place = path === '' ? key : `${path}.${key}`;
      const value = readable(record, key);
      if (value !== undefined && value !== null && isSecretName(key)) {
        copy.hidden.push(place);
        define(result, key, REDACTED);
      } else {
        const copied = copyValue(value, copy, place, depth + 1);
        if (copied !== undefined) define(result, key, copied);
      }
    }
    return Object.freeze(result);
  }

  /** Rebuilds plain data with other texts; refuses what it cannot look into. */
  function mapTexts(
    value: unknown,
    change: (text: string) => string,
    hide: (key: string) => boolean,
    depth = 0,
  ): unknown {
    if (typeof value === 'string') return change(value);
    if (typeof value === 'function') throw new TypeError('a function cannot be looked into');
    if (typeof value !== 'object' || value === null) return value;
    if (depth > 200) throw new TypeError('it is nested too deep');
    if (Array.isArray(value)) return value.map((item) => mapTexts(item, change, hide, depth + 1));
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw new TypeError('an instance of a class cannot be looked into');
    }
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        hide(key) ? REDACTED : mapTexts(item, change, hide, depth + 1),
      ]),
    );
  }

  return {
    stored: (value) =>
      copyValue(value, { bounded: true, left: MAX_TOTAL, values: 0, hidden: [] }, '', 0),
    shown(value) {
      const copy: Copy = { bounded: false, left: Infinity, values: 0, hidden: [] };
      return { value: copyValue(value, copy, '', 0), hidden: copy.hidden };
    },
    text,
    result: (value) => mapTexts(value, text, isSecretName),
    withoutIssued: (value) => mapTexts(value, withoutIssuedText, () => false),
    with: (more) =>
      build({ keys: [...(options.keys ?? []), ...more], patterns: options.patterns ?? [] }, issued),
    issue(secret) {
      if (secret !== '') issued.add(secret);
    },
  };
}

/** `key` as an own property, whatever it is called. */
function define(record: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(record, key, { value, enumerable: true });
  else record[key] = value;
}

function readable(record: Record<string, unknown>, key: string): unknown {
  try {
    return record[key];
  } catch {
    return '[unreadable]';
  }
}

function namedEntry([key, value]: [unknown, unknown]): unknown {
  return typeof key === 'string' ? { [key]: value } : { key, value };
}

function globalPattern(pattern: RegExp): RegExp {
  if (!(pattern instanceof RegExp)) {
    throw new GuardError('options_invalid', 'redact.patterns has to be a list of regular expressions');
  }
  return new RegExp(pattern.source, [...new Set([...pattern.flags.replace('y', ''), 'g'])].join(''));
}

/** The source so that its letters match in both cases, for joining with patterns that mind the case. */
function anyCase(source: string): string {
  return source.replace(/\\.|\[[^\]]*\]|[a-z]/gi, (part) =>
    part.length === 1 ? `[${part.toLowerCase()}${part.toUpperCase()}]` : part,
  );
}
