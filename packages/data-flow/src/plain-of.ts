/** What says something that nobody here can read. */
export const UNREAD: unique symbol = Symbol('unread');

const BOXED = /^\[object (?:String|Number)\]$/;

/**
 * What a model gets to see of an object: the object itself where that is its fields, {@link UNREAD}
 * where it shows none.
 */
export function plainOf(value: object): unknown {
  // What a server answered is in fields that many an error leaves out when it is written.
  if (value instanceof Error) return errorFields(value);
  if (Object.hasOwn(value, 'toJSON') && hasJson(value)) return jsonOf(value);
  if (Array.isArray(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return value;
  if (value instanceof Map || value instanceof Set) return [...value];
  if (value instanceof ArrayBuffer) return textOf(new Uint8Array(value));
  if (ArrayBuffer.isView(value)) return value instanceof Uint8Array ? textOf(value) : UNREAD;
  if (BOXED.test(Object.prototype.toString.call(value))) return value.valueOf();
  if (hasJson(value)) return jsonOf(value);
  return shown(value);
}

function shown(value: object): unknown {
  return Object.keys(value).length === 0 ? UNREAD : value;
}

const strict = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array): string | typeof UNREAD {
  try {
    return strict.decode(bytes);
  } catch {
    return UNREAD;
  }
}

function errorFields(error: Error): unknown {
  const { name, message, cause } = error;
  return { ...fieldsOf(error), name, message, cause };
}

/** Its own fields, without the one that writes others in their place. */
function fieldsOf(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'toJSON'));
}

function hasJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}

/** Plain data, so that nobody answers himself for ever; its fields where it cannot be written. */
function jsonOf(value: { toJSON(): unknown }): unknown {
  try {
    const text = JSON.stringify(value) as string | undefined; // nothing, for a function
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    const fields = fieldsOf(value);
    return Object.keys(fields).length === 0 ? UNREAD : fields;
  }
}
