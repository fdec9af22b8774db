/**
 * One text for one value: RFC 8785 (JSON Canonicalization Scheme) for JSON values. What JSON lacks
 * (`-0`, which RFC 8785 writes as `0`, among it) is written as tokens that cannot occur in JSON, so
 * that different values never share a text.
 *
 * @throws {TypeError} for functions, symbols and instances of other classes than a snapshot holds.
 */
export function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return quote(value);
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? String(value)
        : `@number(${Object.is(value, -0) ? '-0' : value})`;
    case 'boolean':
      return value ? 'true' : 'false';
    case 'undefined':
      return '@undefined';
    case 'bigint':
      // Hexadecimal is written in linear time, decimal is not.
      return `@bigint(${value.toString(16)})`;
    case 'object':
      return value === null ? 'null' : canonicalObject(value);
    default:
      throw new TypeError(`cannot write a ${typeof value} canonically`);
  }
}

/** Quotes, backslashes, control characters and surrogates. */
const ESCAPED = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;
const SHORT = 64;

/** As `JSON.stringify`, which is slow for the many short texts that need no escape. */
function quote(text: string): string {
  if (text.length > SHORT) return ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    const plain =
      code >= 0x20 && code !== 0x22 && code !== 0x5c && (code < 0xd800 || code > 0xdfff);
    if (!plain) return JSON.stringify(text);
  }
  return `"${text}"`;
}

const KNOWN_NAMES = 5000;
const names = new Map<string, string>();

/** A member's name with its colon. Names come again and again. */
function quoteName(name: string): string {
  let quoted = names.get(name);
  if (quoted === undefined) {
    quoted = `${JSON.stringify(name)}:`;
    if (names.size < KNOWN_NAMES && name.length <= SHORT) names.set(name, quoted);
  }
  return quoted;
}

function canonicalObject(value: object): string {
  if (Array.isArray(value)) return canonicalList(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return canonicalRecord(value as Record<string, unknown>);
  }
  if (value instanceof Date) return `@date(${value.getTime()})`;
  if (value instanceof Map) return `@map${canonicalList([...value].flat())}`;
  if (value instanceof Set) return `@set${canonicalList([...value])}`;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return canonicalBytes(value);
  if (typeof URL === 'function' && value instanceof URL)
    return `@url(${JSON.stringify(value.href)})`;
  throw new TypeError('cannot write an instance of a class canonically');
}

function canonicalList(list: readonly unknown[]): string {
  let text = '[';
  for (let i = 0; i < list.length; i += 1) {
    text += i === 0 ? canonical(list[i]) : `,${canonical(list[i])}`;
  }
  return `${text}]`;
}

function canonicalRecord(record: Record<string, unknown>): string {
  const keys = inOrder(Object.keys(record));
  let text = '{';
  for (let i = 0; i < keys.length; i += 1) {
    const key = keys[i] as string; // within bounds
    text += i === 0 ? quoteName(key) : `,${quoteName(key)}`;
    text += canonical(record[key]);
  }
  return `${text}}`;
}

const FEW = 32;

/** Sorts by UTF-16 code units, in place. Insertion is faster for few names, most of them in order. */
function inOrder(keys: string[]): string[] {
  if (keys.length > FEW) return keys.sort();
  for (let i = 1; i < keys.length; i += 1) {
    const key = keys[i] as string; // within bounds
    let at = i;
    for (; at > 0 && (keys[at - 1] as string) > key; at -= 1) keys[at] = keys[at - 1] as string; // within bounds
    keys[at] = key;
  }
  return keys;
}

function canonicalBytes(value: ArrayBuffer | ArrayBufferView): string {
  const bytes =
    value instanceof ArrayBuffer
      ? new Uint8Array(value)
      : new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  let hex = '';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return `@${value.constructor.name.toLowerCase()}(${hex})`;
}
