import { defineOwn } from './define-own.ts';
import { unusedKey } from './unused-key.ts';

/** Levels of nesting beyond which a value is not looked into. */
const MAX_DEPTH = 200;

export interface TextChanges {
  text(text: string): string;
  /** Names of fields. @default unchanged */
  key?(key: string): string;
  /** What a field is replaced with as a whole; `undefined` looks into it. */
  field?(key: string): string | undefined;
}

/**
 * Plain data with other texts. What occurs in several places is rebuilt once, so that data which
 * refers to itself over and over does not unfold.
 *
 * @throws {TypeError} for what cannot be looked into: functions, class instances, cycles.
 */
export function mapTexts(value: unknown, changes: TextChanges): unknown {
  const known = new Map<object, unknown>();

  function map(item: unknown, depth: number): unknown {
    if (typeof item === 'string') return changes.text(item);
    if (typeof item === 'function') throw new TypeError('a function cannot be looked into');
    if (typeof item !== 'object' || item === null) return item;
    if (depth > MAX_DEPTH) throw new TypeError('it is nested too deep');
    let mapped = known.get(item);
    if (mapped === undefined) {
      mapped = mapObject(item, depth + 1);
      known.set(item, mapped);
    }
    return mapped;
  }

  function mapObject(item: object, depth: number): unknown {
    if (Array.isArray(item)) return Array.from(item, (element) => map(element, depth));
    const prototype: unknown = Object.getPrototypeOf(item);
    if (prototype === Date.prototype) return new Date(Date.prototype.getTime.call(item));
    if (prototype !== Object.prototype && prototype !== null) {
      throw new TypeError('an instance of a class cannot be looked into');
    }
    const result: Record<string, unknown> = {};
    for (const [key, field] of Object.entries(item)) {
      const name = unusedKey(result, changes.key?.(key) ?? key);
      defineOwn(result, name, changes.field?.(key) ?? map(field, depth));
    }
    return result;
  }

  return map(value, 0);
}
