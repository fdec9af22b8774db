/** A value that is written as text. */
export interface Leaf {
  readonly kind: 'leaf';
  readonly text: string;
  /** Texts stand in quotation marks, so that `1` and `"1"` differ. */
  readonly quoted: boolean;
  /** What it is, where that cannot be seen. */
  readonly note?: string;
}

/** A value with values inside. */
export interface Collection {
  readonly kind: 'collection';
  readonly what: 'list' | 'record' | 'map' | 'set';
  readonly size: number;
  /** Key and value; a list has positions for keys. */
  at(index: number): readonly [key: string | number, value: unknown];
  /** Everything from there on. */
  from(index: number): unknown;
}

/** How a value is shown: JSON values, and what else arguments can hold (dates, maps, sets, bytes). */
export function shapeOf(value: unknown): Leaf | Collection {
  switch (typeof value) {
    case 'string':
      return { kind: 'leaf', text: value, quoted: true };
    case 'number':
      return plain(Object.is(value, -0) ? '-0' : String(value));
    case 'bigint':
      return plain(`${value}n`);
    case 'object':
      return value === null ? plain('null') : shapeOfObject(value);
    default:
      return plain(String(value));
  }
}

function plain(text: string, note?: string): Leaf {
  return { kind: 'leaf', text, quoted: false, ...(note === undefined ? {} : { note }) };
}

function shapeOfObject(value: object): Leaf | Collection {
  if (Array.isArray(value)) return list('list', value);
  if (value instanceof Set) return list('set', [...value]);
  if (value instanceof Map) return mapOf([...value]);
  if (value instanceof Date) {
    return plain(Number.isNaN(value.getTime()) ? 'invalid' : value.toISOString(), 'date');
  }
  if (value instanceof URL) return { kind: 'leaf', text: value.href, quoted: true, note: 'URL' };
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return bytes(value);
  return recordOf(value as Readonly<Record<string, unknown>>); // what is left has string keys
}

function list(what: 'list' | 'set', items: readonly unknown[]): Collection {
  return {
    kind: 'collection',
    what,
    size: items.length,
    at: (index) => [index, items[index]],
    from: (index) => items.slice(index),
  };
}

function recordOf(record: Readonly<Record<string, unknown>>): Collection {
  const keys = Object.keys(record);
  return {
    kind: 'collection',
    what: 'record',
    size: keys.length,
    at: (index) => entry(record, keys[index]),
    from: (index) => keys.slice(index).map((key) => entry(record, key)),
  };
}

function entry(record: Readonly<Record<string, unknown>>, key = ''): readonly [string, unknown] {
  return [key, record[key]];
}

function mapOf(entries: ReadonlyArray<readonly [unknown, unknown]>): Collection {
  return {
    kind: 'collection',
    what: 'map',
    size: entries.length,
    at(index) {
      const [key, value] = entries[index] ?? [];
      return typeof key === 'string' ? [key, value] : [index, { key, value }];
    },
    from: (index) => entries.slice(index),
  };
}

function bytes(value: ArrayBuffer | ArrayBufferView): Leaf {
  const data = ArrayBuffer.isView(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : Buffer.from(value);
  return plain(data.toString('hex'), `${value.constructor.name} of ${data.length} bytes`);
}
