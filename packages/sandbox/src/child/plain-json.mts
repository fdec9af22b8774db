// Also runs inside the child, which imports nothing else of this package: hence `.mts`.

/**
 * A value as JSON, or `undefined` for `undefined`.
 *
 * @throws {TypeError} Where JSON would lose something, with the place and what to do instead.
 */
export function plainJson(value: unknown, exact: boolean): string | undefined {
  return JSON.stringify(value, function (this: Record<string, unknown>, key, written: unknown) {
    // `written` went through toJSON already.
    const lost = lostIn(this[key], exact, Array.isArray(this));
    if (lost === undefined) return written;
    throw new TypeError(
      `${key === '' ? 'it' : `its "${key}"`} is ${lost}, which JSON cannot carry`,
    );
  });
}

function lostIn(value: unknown, exact: boolean, inList: boolean): string | undefined {
  switch (typeof value) {
    case 'function':
      return 'a function';
    case 'symbol':
      return 'a symbol';
    case 'bigint':
      return 'a BigInt';
    case 'number':
      return Number.isFinite(value) || !exact ? undefined : `${value}`;
    case 'undefined':
      return exact && inList ? 'undefined in a list' : undefined;
    case 'object':
      return value === null || Array.isArray(value) ? undefined : lostInObject(value, exact);
    default:
      return undefined;
  }
}

function lostInObject(value: object, exact: boolean): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return undefined;
  // A date or a URL says itself how it is written; that it comes back as text is only fine on the way to a model.
  if (!exact && typeof (value as { toJSON?: unknown }).toJSON === 'function') return undefined;
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === 'function'
    ? `an object of class ${constructor.name}`
    : 'no plain object';
}
