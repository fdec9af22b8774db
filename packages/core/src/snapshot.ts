import { cutText } from './cut-text.ts';
import { GuardError } from './errors.ts';

/** How much a snapshot takes before it refuses. */
export interface SnapshotLimits {
  /** Levels of nesting. @default 200 */
  readonly depth: number;
  /** Characters of text, plus 8 for every value and 24 for every object. @default 16 Mi */
  readonly size: number;
}

export const SNAPSHOT_LIMITS: SnapshotLimits = { depth: 200, size: 16 * 1024 * 1024 };

/** A frozen copy of plain data that nothing outside can reach. */
export interface Snapshot {
  readonly value: unknown;
  /** Whether it holds objects that freezing does not protect (Date, Map, Set, URL, bytes). */
  readonly thawed: boolean;
}

interface Walk {
  readonly limits: SnapshotLimits;
  readonly freeze: boolean;
  size: number;
  thawed: boolean;
  /** Whether every object has names that it does not own: they would make up for hidden ones. */
  readonly polluted: boolean;
}

/**
 * Copies plain data (JSON values, `undefined`, bigint, Date, URL, Map, Set, typed arrays) and
 * freezes the copy. Accessors, cycles, symbol and prototype keys, functions and instances of other
 * classes are refused: they could change after the decision or hide what they hold.
 *
 * @throws {GuardError} `args_unsupported`, naming the key, or `args_too_large`.
 */
export function snapshot(value: unknown, limits: SnapshotLimits = SNAPSHOT_LIMITS): Snapshot {
  const walk: Walk = { limits, freeze: true, size: 0, thawed: false, polluted: isPolluted() };
  try {
    return { value: copy(value, walk, '', 0), thawed: walk.thawed };
  } catch (cause) {
    if (cause instanceof GuardError) throw cause;
    // A Proxy may throw wherever it is touched, and what pretends to be a Map cannot be read as one.
    throw new GuardError('args_unsupported', 'the arguments cannot be read; pass plain data', {
      cause,
    });
  }
}

function isPolluted(): boolean {
  let inherited: string | undefined;
  for (const name in {}) inherited = name;
  return inherited !== undefined;
}

const UNLIMITED: Walk = {
  limits: { depth: Infinity, size: Infinity },
  freeze: false,
  size: 0,
  thawed: false,
  polluted: true,
};

/** A copy of what {@link snapshot} gave that its receiver may change as it likes. */
export function thaw(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(thaw);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return copy(value, UNLIMITED, '', 0);
  const result = shallow(value, prototype);
  for (const key in result) {
    const item = result[key];
    if (typeof item === 'object' && item !== null && Object.hasOwn(result, key))
      result[key] = thaw(item);
  }
  return result;
}

/** Written so that a limit that is not a number refuses everything. */
function grow(walk: Walk, by: number): void {
  walk.size += by;
  if (!(walk.size <= walk.limits.size)) throw tooLarge(walk.limits);
}

function copy(value: unknown, walk: Walk, key: string | number, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      grow(walk, 8 + value.length);
      return value;
    case 'bigint':
      grow(walk, 8 + digitsOf(value));
      return value;
    case 'number':
    case 'boolean':
    case 'undefined':
      grow(walk, 8);
      return value;
    case 'object':
      grow(walk, value === null ? 8 : 24);
      return value === null ? null : copyObject(value, walk, key, depth);
    default:
      throw unsupported(key, `is a ${typeof value}`);
  }
}

function copyObject(value: object, walk: Walk, key: string | number, depth: number): unknown {
  if (!(depth < walk.limits.depth)) {
    throw new GuardError(
      'args_unsupported',
      `the arguments hold a cycle or are nested deeper than ${walk.limits.depth} levels; pass plain data`,
    );
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Array.prototype && Array.isArray(value)) return copyArray(value, walk, depth);
  if (prototype === Object.prototype || prototype === null) {
    return copyRecord(value as Record<string, unknown>, prototype, walk, depth);
  }
  return copyBuiltIn(value, prototype as object, walk, key, depth);
}

/** Finds an accessor without running it, for a fraction of what a property descriptor costs. */
const { __lookupGetter__: getterOf, __lookupSetter__: setterOf } = Object.prototype as unknown as {
  __lookupGetter__: (this: object, key: PropertyKey) => unknown;
  __lookupSetter__: (this: object, key: PropertyKey) => unknown;
};

function copyArray(array: readonly unknown[], walk: Walk, depth: number): unknown[] {
  const length = array.length >>> 0; // what a Proxy claims may be anything
  grow(walk, length * 8);
  const result: unknown[] = [];
  for (let i = 0; i < length; i += 1) {
    if (getterOf.call(array, i) !== undefined) throw accessor(i);
    const value = array[i];
    if (value === undefined && setterOf.call(array, i) !== undefined) throw accessor(i);
    // Holes become undefined, as every reader of the array would see them.
    result.push(copy(value, walk, i, depth + 1));
  }
  return walk.freeze ? (Object.freeze(result) as unknown[]) : result;
}

function copyRecord(
  record: Record<string, unknown>,
  prototype: object | null,
  walk: Walk,
  depth: number,
): Record<string, unknown> {
  let named = 0;
  for (const key in record) {
    if (getterOf.call(record, key) !== undefined && Object.hasOwn(record, key)) throw accessor(key);
    if (key === '__proto__') throw prototypeKey(key);
    named += 1;
  }
  const all = Reflect.ownKeys(record).length;
  if ((all !== named || walk.polluted) && all !== Object.keys(record).length) {
    throw unsupported(
      '',
      'hold a property with a symbol as its key, or one that cannot be enumerated',
    );
  }
  // Copies every own value at once, which is several times faster than one by one.
  const result = shallow(record, prototype);
  for (const key in result) {
    const value = result[key];
    if (typeof value === 'string') grow(walk, 8 + key.length + value.length);
    else if (typeof value === 'number' || typeof value === 'boolean') grow(walk, 8 + key.length);
    else if (Object.hasOwn(result, key)) {
      if (key === 'constructor' && holdsPrototype(value)) throw prototypeKey(key);
      if (value === undefined && setterOf.call(record, key) !== undefined) throw accessor(key);
      grow(walk, key.length);
      const copied = copy(value, walk, key, depth + 1);
      if (copied !== value) result[key] = copied;
    }
  }
  return walk.freeze ? Object.freeze(result) : result;
}

function shallow(record: object, prototype: object | null): Record<string, unknown> {
  return prototype === null
    ? (Object.assign(Object.create(null), record) as Record<string, unknown>)
    : { ...record };
}

function prototypeKey(key: string): GuardError {
  return unsupported(key, 'is a key that could reach a prototype');
}

function holdsPrototype(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');
}

function copyBuiltIn(
  value: object,
  kind: object,
  walk: Walk,
  key: string | number,
  depth: number,
): unknown {
  walk.thawed = true;
  // Methods are taken from the intrinsics: one of the value's own could give anything.
  if (kind === Date.prototype) return new Date(Date.prototype.getTime.call(value));
  if (kind === Map.prototype) {
    const entries = Array.from(Map.prototype.entries.call(value), ([k, v]): [unknown, unknown] => [
      copy(k, walk, key, depth + 1),
      copy(v, walk, key, depth + 1),
    ]);
    return new Map(entries);
  }
  if (kind === Set.prototype) {
    return new Set(
      Array.from(Set.prototype.values.call(value), (v) => copy(v, walk, key, depth + 1)),
    );
  }
  if (typeof URL === 'function' && kind === URL.prototype) return copyUrl(value, walk);
  if (kind === ArrayBuffer.prototype)
    return copyBytes(new Uint8Array(value as ArrayBuffer), walk).buffer;
  return copyView(value, kind, walk) ?? refuseClass(kind, key);
}

function copyUrl(value: object, walk: Walk): URL {
  const href: string = URL.prototype.toString.call(value);
  grow(walk, href.length);
  return new URL(href);
}

type View = Uint8Array<ArrayBuffer>;
type ViewConstructor = new (view: View) => View;

const viewKind = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  Symbol.toStringTag,
)?.get;

/** Typed arrays and Node's Buffer. The constructor is looked up: the value's own could give anything. */
function copyView(value: object, kind: object, walk: Walk): View | undefined {
  const name: unknown = viewKind?.call(value);
  if (typeof name !== 'string') return undefined;
  const globals = globalThis as unknown as Record<string, ViewConstructor & { prototype: object }>;
  const isBuffer = globals['Buffer'] !== undefined && kind === globals['Buffer'].prototype;
  const type = globals[name];
  if (type === undefined || (kind !== type.prototype && !isBuffer)) return undefined;
  const copied = copyBytes(value as View, walk, type);
  // Node's own would put a copy into memory that other buffers share.
  return isBuffer ? (Object.setPrototypeOf(copied, kind) as View) : copied; // the same object
}

function copyBytes(view: View, walk: Walk, type: ViewConstructor = Uint8Array): View {
  grow(walk, view.byteLength);
  return new type(view);
}

function refuseClass(kind: object, key: string | number): never {
  const name = (kind as { constructor?: { name?: unknown } }).constructor?.name;
  throw unsupported(key, `is an instance of ${typeof name === 'string' ? name : 'a class'}`);
}

/** How many hexadecimal digits it has beyond the 64 bits that every value is counted with. */
function digitsOf(value: bigint): number {
  return BigInt.asIntN(64, value) === value ? 0 : value.toString(16).length;
}

function accessor(key: string | number): GuardError {
  return unsupported(key, 'is an accessor (getter or setter)');
}

function unsupported(key: string | number, what: string): GuardError {
  const place = key === '' ? 'the arguments' : `the argument "${cutText(String(key), 100)}"`;
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
