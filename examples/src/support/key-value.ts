/** A value, and what it is replaced by: nothing but this very value. */
export interface Versioned {
  readonly value: string;
  readonly version: string;
}

/**
 * What a key-value service has to offer: one key at a time, strongly consistent. Deno KV calls it
 * `atomic().check()`, DynamoDB a condition expression, etcd a transaction on `mod_revision`.
 */
export interface KeyValue {
  get(key: string): Promise<Versioned | undefined>;
  /** Writes only if the key still has this version, or, without one, only if it has no value. */
  put(key: string, value: string, version?: string): Promise<boolean>;
  /** Removes only if the key still has this version. */
  delete(key: string, version: string): Promise<boolean>;
  /** Keys that begin so, in order of their UTF-16 code units, behind `after`. */
  keys(
    prefix: string,
    options: { readonly after?: string; readonly limit: number },
  ): Promise<readonly string[]>;
}

/** In the memory of this process: for tests, and to read what a service does. */
export function memoryKeyValue(): KeyValue {
  const values = new Map<string, Versioned>();
  let writes = 0;
  const isAt = (key: string, version?: string): boolean => values.get(key)?.version === version;
  return {
    get: (key) => Promise.resolve(values.get(key)),
    put(key, value, version) {
      const may = isAt(key, version);
      if (may) values.set(key, { value, version: String((writes += 1)) });
      return Promise.resolve(may);
    },
    delete(key, version) {
      return Promise.resolve(isAt(key, version) && values.delete(key));
    },
    keys(prefix, { after = '', limit }) {
      const found = [...values.keys()].filter((key) => key.startsWith(prefix) && key > after);
      return Promise.resolve(found.toSorted(byCodeUnit).slice(0, limit));
    },
  };
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
