import { GuardError } from '@guardstile/core';

import { suggest } from './suggest.ts';

/** Something that is wrong with a policy, and where. */
export interface PolicyIssue {
  /** From the document down, such as `['rules', 3, 'where', 'amount', 'gtt']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A place in the document that is being read. Collects what is wrong there. */
export interface Place {
  readonly path: readonly (string | number)[];
  /** Whether a list may be empty where any of its items would do: nothing does then. */
  readonly emptyLists: boolean;
  /** The place of a part of it. */
  at(key: string | number): Place;
  wrong(message: string): undefined;
}

export function placeIn(
  issues: PolicyIssue[],
  emptyLists = false,
  path: readonly (string | number)[] = [],
): Place {
  return {
    path,
    emptyLists,
    at: (key) => placeIn(issues, emptyLists, [...path, key]),
    wrong(message) {
      issues.push({ path, message });
      return undefined;
    },
  };
}

/** The own fields of an object, all of them known; `undefined` where it is no such object. */
export function readFields<Key extends string>(
  value: unknown,
  known: readonly Key[],
  place: Place,
  what: string,
): Readonly<Partial<Record<Key, unknown>>> | undefined {
  const own = readRecord(value, place, what);
  if (own === undefined) return undefined;
  for (const key of Object.keys(own)) {
    if ((known as readonly string[]).includes(key)) continue;
    place
      .at(key)
      .wrong(`"${key}" is not known in ${what}${suggest(key, known)}; use ${known.join(', ')}`);
  }
  return own as Readonly<Partial<Record<Key, unknown>>>; // whatever else it holds was reported
}

/** The own fields of a plain object, so that a polluted prototype says nothing. */
export function readRecord(
  value: unknown,
  place: Place,
  what: string,
): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return place.wrong(`${what} has to be an object`);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return place.wrong(`${what} has to be a plain object`);
  }
  const own: Record<string, unknown> = Object.assign(
    Object.create(null) as Record<string, unknown>,
    value,
  );
  for (const key of Object.keys(own)) if (own[key] === undefined) delete own[key];
  return own;
}

export function readText(value: unknown, place: Place, what: string): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  return place.wrong(`${what} has to be text`);
}

/** A name that looks like another one, since what is around or within it cannot be seen, is refused. */
export function readName(value: unknown, place: Place, what: string): string | undefined {
  const name = readText(value, place, what);
  if (name === undefined) return undefined;
  if (name !== name.trim()) return place.wrong(`${what} starts or ends with a space`);
  return /\p{Cc}|\p{Cf}/u.test(name)
    ? place.wrong(`${what} has control or format characters`)
    : name;
}

/** Texts of which any will do, as `readTexts`; none of them, where the place lets a list be empty. */
export function readAnyOf(
  value: unknown,
  place: Place,
  what: string,
  item: typeof readText = readText,
): readonly string[] | undefined {
  const none = place.emptyLists && Array.isArray(value) && value.length === 0;
  return none ? [] : readTexts(value, place, what, item);
}

/** One text, or a list of at least one; `[]` could mean everything or nothing, so it is refused. */
export function readTexts(
  value: unknown,
  place: Place,
  what: string,
  item: typeof readText = readText,
): readonly string[] | undefined {
  if (!Array.isArray(value)) {
    const text = item(value, place, what);
    return text === undefined ? undefined : [text];
  }
  if (value.length === 0) return place.wrong(`${what} is an empty list; leave it out or name one`);
  return readList(value, place, (one, at) => item(one, at, `each item of ${what}`));
}

/** A list read item by item; `undefined` when it is none or one of its items is wrong. */
export function readList<T>(
  value: unknown,
  place: Place,
  item: (value: unknown, place: Place) => T | undefined,
): readonly T[] | undefined {
  if (!Array.isArray(value)) return place.wrong('it has to be a list');
  const list = Array.from(value as readonly unknown[], (one, i) => item(one, place.at(i)));
  return list.some((one) => one === undefined) ? undefined : (list as readonly T[]);
}

export function readOneOf<T extends string>(
  value: unknown,
  known: readonly T[],
  place: Place,
  what: string,
): T | undefined {
  if (known.includes(value as T)) return value as T;
  const meant = typeof value === 'string' ? suggest(value, known) : '';
  const why = value === undefined ? 'is missing' : `cannot be ${named(value)}`;
  return place.wrong(`${what} ${why}${meant}; use ${known.join(', ')}`);
}

function named(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (value === null) return 'null';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value)
    ? 'a list'
    : typeof value === 'object'
      ? 'an object'
      : `a ${typeof value}`;
}

const MOST_SHOWN = 10;

/** All issues as one error. */
export function policyInvalid(name: string, issues: readonly PolicyIssue[]): GuardError {
  const lines = issues
    .slice(0, MOST_SHOWN)
    .map(({ path, message }) => (path.length === 0 ? message : `${pathText(path)}: ${message}`));
  const more = issues.length > MOST_SHOWN ? ` (and ${issues.length - MOST_SHOWN} more)` : '';
  return new GuardError('policy_invalid', `${name}: ${lines.join('; ')}${more}`);
}

/** As in `rules[3].where.amount`. */
function pathText(path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, key) =>
      typeof key === 'number' ? `${text}[${key}]` : text === '' ? key : `${text}.${key}`,
    '',
  );
}
