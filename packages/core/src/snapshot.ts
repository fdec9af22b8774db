import { GuardError } from './errors.ts';

/** How much a snapshot takes before it refuses. */
export interface SnapshotLimits {
  /** Levels of nesting. @default 200 */
  readonly depth: number;
  /** Characters of text plus eight for every value. @default 16 Mi */
  readonly size: number;
}

export const SNAPSHOT_LIMITS: SnapshotLimits = { depth: 200, size: 16 * 1024 * 1024 };

/** A frozen copy of plain data that nothing outside can reach. */
export interface Snapshot {
  readonly value: unknown;
  /** Whether it holds objects that freezing does not protect (Date, Map, Set, URL, bytes). */
  readonly thawed: boolean;
}

/** The intrinsic method: `Buffer.prototype.slice` would share the memory instead of copying it. */
const typedSlice = (Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array).slice;

interface Walk {
  readonly limits: SnapshotLimits;
  readonly freeze: boolean;
  size: number;
  thawed: boolean;
}

/**
 * Copies plain data (JSON values, `undefined`, bigint, Date, URL, Map, Set, typed arrays) and
 * freezes the copy. Accessors, cycles, symbol and prototype keys, functions and instances of other
 * classes are refused: they could change after the decision or hide what they hold.
 *
 * @throws {GuardError} `args_unsupported` or `args_too_large`, naming the place as a path.
 */
export function snapshot(value: unknown, limits: SnapshotLimits = SNAPSHOT_LIMITS): Snapshot {
  const walk: Walk = { limits, freeze: true, size: 0, thawed: false };
  return { value: copy(value, walk, '', 0), thawed: walk.thawed };
}

/** A copy of what {@link snapshot} gave that its receiver may change as it likes. */
export function thaw(value: unknown): unknown {
  const limits = { depth: Number.POSITIVE_INFINITY, size: Number.POSITIVE_INFINITY };
  return copy(value, { limits, freeze: false, size: 0, thawed: false }, '', 0);
}

function copy(value: unknown, walk: Walk, key: string | number, depth: number): unknown {
  walk.size += 8;
  switch (typeof value) {
    case 'string':
      walk.size += value.length;
      if (walk.size > walk.limits.size) throw tooLarge(walk.limits);
      return value;
    case 'number':
    case 'boolean':
    case 'undefined':
      return value;
    case 'bigint':
      return value;
    case 'object':
      break;
    default:
      throw unsupported(key, `is a ${typeof value}`);
  }
  if (value === null) return value;
  if (walk.size > walk.limits.size) throw tooLarge(walk.limits);
  if (depth >= walk.limits.depth) {
    throw new GuardError(
      'args_unsupported',
      `the arguments hold a cycle or are nested deeper than ${walk.limits.depth} levels; pass plain data`,
    );
  }
  if (Array.isArray(value)) return copyArray(value, walk, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return copyObject(value as Record<string, unknown>, prototype, walk, depth);
  }
  return copyBuiltIn(value, walk, key, depth);
}

function copyArray(array: readonly unknown[], walk: Walk, depth: number): unknown[] {
  const { length } = array;
  walk.size += length * 8;
  if (walk.size > walk.limits.size) throw tooLarge(walk.limits);
  const result: unknown[] = [];
  for (let i = 0; i < length; i += 1) {
    const property = Object.getOwnPropertyDescriptor(array, i);
    // Holes become undefined, as every reader of the array would see them.
    if (property !== undefined && !('value' in property)) throw accessor(i);
    result.push(copy(property?.value, walk, i, depth + 1));
  }
  return walk.freeze ? (Object.freeze(result) as unknown[]) : result;
}

function copyObject(
  object: Record<string, unknown>,
  prototype: object | null,
  walk: Walk,
  depth: number,
): Record<string, unknown> {
  const result: Record<string, unknown> = prototype === null ? Object.create(null) : {};
  for (const key of Reflect.ownKeys(object)) {
    if (typeof key === 'symbol') throw unsupported(String(key), 'has a symbol as its key');
    const property = Object.getOwnPropertyDescriptor(object, key);
    if (property === undefined) continue;
    if (!('value' in property)) throw accessor(key);
    if (key === '__proto__' || (key === 'constructor' && holdsPrototype(property.value))) {
      throw unsupported(key, 'is a key that could reach a prototype');
    }
    walk.size += key.length;
    result[key] = copy(property.value, walk, key, depth + 1);
  }
  return walk.freeze ? Object.freeze(result) : result;
}

function holdsPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}

function copyBuiltIn(value: object, walk: Walk, key: string | number, depth: number): unknown {
  walk.thawed = true;
  const kind = Object.getPrototypeOf(value) as object;
  if (kind === Date.prototype) return new Date(Date.prototype.getTime.call(value));
  if (kind === Map.prototype) {
    const entries = Array.from(Map.prototype.entries.call(value), ([k, v]): [unknown, unknown] => [
      copy(k, walk, key, depth + 1),
      copy(v, walk, key, depth + 1),
    ]);
    return new Map(entries);
  }
  if (kind === Set.prototype) {
    return new Set(Array.from(Set.prototype.values.call(value), (v) => copy(v, walk, key, depth + 1)));
  }
  if (typeof URL === 'function' && kind === URL.prototype) return new URL(String(value));
  if (value instanceof ArrayBuffer) {
    walk.size += value.byteLength;
    return value.slice(0);
  }
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    walk.size += value.byteLength;
    if (walk.size > walk.limits.size) throw tooLarge(walk.limits);
    return typedSlice.call(value as Uint8Array);
  }
  const name = (kind as { constructor?: { name?: unknown } }).constructor?.name;
  throw unsupported(key, `is an instance of ${typeof name === 'string' ? name : 'a class'}`);
}

function accessor(key: string | number): GuardError {
  return unsupported(key, 'is an accessor (getter or setter)');
}

function unsupported(key: string | number, what: string): GuardError {
  const place = key === '' ? 'the arguments' : `the argument "${key}"`;
  return new GuardError(
    'args_unsupported',
    `${place} ${what}, which an approval cannot be bound to; pass plain data (JSON values, Date, Map, Set, URL, bytes)`,
  );
}

function tooLarge(limits: SnapshotLimits): GuardError {
  return new GuardError(
    'args_too_large',
    `the arguments are larger than ${limits.size} characters; pass a reference instead or raise createGuard({ argumentLimits })`,
  );
}
