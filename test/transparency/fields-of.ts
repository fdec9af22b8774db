/** A value or the error in its place. */
export type Settled<T> = { readonly value: T } | { readonly error: unknown };

export async function settle<T>(promise: PromiseLike<T>): Promise<Settled<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}

/**
 * Everything that can be read of a result: own properties, getters and what they promise. Streams
 * are left out; who reads a stream reads it by its name.
 */
export async function fieldsOf(result: object): Promise<Readonly<Record<string, unknown>>> {
  const fields: Record<string, unknown> = {};
  for (const name of namesOf(result)) {
    const read = await settle((async () => Reflect.get(result, name) as unknown)());
    if ('value' in read && typeof read.value === 'function') continue;
    fields[name] = 'value' in read ? read.value : read;
  }
  return fields;
}

function namesOf(result: object): readonly string[] {
  const prototype = Object.getPrototypeOf(result) as object;
  const getters = Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([, { get }]) => get !== undefined)
    .map(([name]) => name);
  const own = Object.getPrototypeOf(prototype) === null ? Object.keys(result) : [];
  return [...getters, ...own].filter((name) => !/stream$/i.test(name)).sort();
}
