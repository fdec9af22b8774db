/** What says of an object in JSON that it stands for something that JSON lacks. */
const TAG = '$';

const VIEWS = {
  Buffer,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
} as const;

type ViewName = keyof typeof VIEWS;

/**
 * Plain data (JSON values, `undefined`, bigint, Date, URL, Map, Set, bytes) as a text that
 * {@link readValue} makes the same data of, with whatever it is digested by.
 *
 * @throws {TypeError} for functions, symbols and instances of other classes.
 */
export function writeValue(value: unknown): string {
  return JSON.stringify(toJson(value));
}

/** The frozen data that {@link writeValue} wrote. */
export function readValue(text: string): unknown {
  return fromJson(JSON.parse(text));
}

function tagged(tag: string, value?: unknown): unknown {
  return value === undefined ? { [TAG]: tag } : { [TAG]: tag, v: value };
}

function toJson(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : tagged('number', Object.is(value, -0) ? '-0' : String(value));
    case 'undefined':
      return tagged('undefined');
    case 'bigint':
      return tagged('bigint', value.toString());
    case 'object':
      return value === null ? null : objectToJson(value);
    default:
      throw new TypeError(`cannot keep a ${typeof value}`);
  }
}

function objectToJson(value: object): unknown {
  if (Array.isArray(value)) return value.map(toJson);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    const record = value as Readonly<Record<string, unknown>>;
    if (prototype !== null && !Object.hasOwn(value, TAG)) return recordToJson(record);
    const members = Object.entries(record).map(([name, member]) => [name, toJson(member)]);
    return tagged(prototype === null ? 'bare' : 'object', members);
  }
  if (value instanceof Date) return tagged('date', toJson(value.getTime()));
  if (value instanceof Map) return tagged('map', [...value].flat().map(toJson));
  if (value instanceof Set) return tagged('set', [...value].map(toJson));
  if (value instanceof URL) return tagged('url', value.href);
  return bytesToJson(value);
}

function recordToJson(record: Readonly<Record<string, unknown>>): object {
  const json: Record<string, unknown> = {};
  for (const name of Object.keys(record)) {
    if (name === '__proto__') {
      Object.defineProperty(json, name, { value: toJson(record[name]), enumerable: true });
    } else json[name] = toJson(record[name]);
  }
  return json;
}

function bytesToJson(value: object): unknown {
  if (value instanceof ArrayBuffer) {
    return tagged('ArrayBuffer', Buffer.from(value).toString('base64'));
  }
  const name = value.constructor.name;
  if (ArrayBuffer.isView(value) && isViewName(name)) {
    const { buffer, byteOffset, byteLength } = value;
    return tagged(name, Buffer.from(buffer, byteOffset, byteLength).toString('base64'));
  }
  throw new TypeError('cannot keep an instance of a class');
}

function isViewName(name: string): name is ViewName {
  return Object.hasOwn(VIEWS, name);
}

/** In place: what was parsed is nobody else's. */
function fromJson(json: unknown): unknown {
  if (typeof json !== 'object' || json === null) return json;
  if (Object.hasOwn(json, TAG)) return untagged(json as { readonly [TAG]: string; v?: unknown }); // written by tagged()
  const own = json as Record<string, unknown>; // an array, too
  for (const name of Object.keys(own)) {
    const member = own[name];
    // Every name is an own property by now, `__proto__` too: this sets no prototype.
    if (typeof member === 'object' && member !== null) own[name] = fromJson(member);
  }
  return Object.freeze(own);
}

function untagged({ [TAG]: tag, v: value }: { readonly [TAG]: string; v?: unknown }): unknown {
  if (isViewName(tag) || tag === 'ArrayBuffer') return bytesFromJson(tag, String(value));
  switch (tag) {
    case 'undefined':
      return undefined;
    case 'number':
      return Number(value);
    case 'bigint':
      return BigInt(String(value));
    case 'date':
      return new Date(fromJson(value) as number); // its time
    case 'url':
      return new URL(String(value));
    case 'map':
      return new Map(pairs(itemsOf(value)));
    case 'set':
      return new Set(itemsOf(value));
    case 'object':
      return Object.freeze(Object.fromEntries(membersOf(value)));
    case 'bare':
      return Object.freeze(
        Object.setPrototypeOf(Object.fromEntries(membersOf(value)), null) as object,
      );
    default:
      throw new TypeError(`cannot read a ${tag}`);
  }
}

function itemsOf(list: unknown): readonly unknown[] {
  return (list as readonly unknown[]).map(fromJson); // written by objectToJson()
}

function membersOf(list: unknown): ReadonlyArray<readonly [string, unknown]> {
  const members = list as ReadonlyArray<readonly [string, unknown]>; // written by objectToJson()
  return members.map(([name, member]) => [name, fromJson(member)]);
}

function pairs(items: readonly unknown[]): ReadonlyArray<[unknown, unknown]> {
  return Array.from({ length: items.length / 2 }, (_, i) => [items[2 * i], items[2 * i + 1]]);
}

function bytesFromJson(name: ViewName | 'ArrayBuffer', text: string): unknown {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  if (name === 'ArrayBuffer') return bytes.buffer;
  if (name === 'Buffer') return Buffer.from(bytes.buffer);
  return new VIEWS[name](bytes.buffer);
}
