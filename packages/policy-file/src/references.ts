import { suggest } from '@guardstile/policy';

import type { Values } from './values.ts';

type Path = readonly (string | number)[];

const SET = '$set';
const ENV = '$env';

/** Told of a reference that leads nowhere. */
export type WrongReference = (path: Path, message: string) => void;

/** The same plain data with `{ $set: NAME }` and `{ $env: NAME }` replaced by what they stand for. */
export function fillReferences(
  value: unknown,
  values: Values,
  wrong: WrongReference,
  path: Path = [],
): unknown {
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, i) => {
      const filled = fillReferences(item, values, wrong, [...path, i]);
      // A set among other items counts as its items.
      return isReference(item) && Array.isArray(filled) ? (filled as unknown[]) : [filled];
    });
  }
  if (typeof value !== 'object' || value === null) return value;
  if (isReference(value)) return referred(value, values, wrong, path);
  return Object.fromEntries(
    Object.entries(value).map(([key, part]: [string, unknown]) => [
      key,
      fillReferences(part, values, wrong, [...path, key]),
    ]),
  );
}

function isReference(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    (Object.hasOwn(value, SET) || Object.hasOwn(value, ENV))
  );
}

function referred(
  reference: Readonly<Record<string, unknown>>,
  { sets, env, given }: Values,
  wrong: WrongReference,
  path: Path,
): unknown {
  const [key = '', ...others] = Object.keys(reference);
  const name = reference[key];
  if (others.length > 0 || typeof name !== 'string') {
    wrong(path, `a reference is { ${SET}: NAME } or { ${ENV}: NAME }, and nothing else`);
    return undefined;
  }
  const known: Readonly<Record<string, unknown>> = key === SET ? sets : env;
  if (Object.hasOwn(known, name)) {
    const pattern = key === SET && given.has(name) ? patternIn(known[name], path) : undefined;
    if (pattern === undefined) return known[name];
    wrong(
      path,
      `"${pattern}" in the set "${name}" would be a pattern; members that the application gives are exact`,
    );
    return undefined;
  }
  const what = key === SET ? 'set' : 'environment variable';
  wrong(
    [...path, key],
    `there is no ${what} "${name}" in this file${suggest(name, Object.keys(known))}; declare it under ${key === SET ? 'sets' : 'env'}`,
  );
  return undefined;
}

/** Where a `*` stands for any letters. */
const PATTERNS: ReadonlyArray<string | number | undefined> = [
  'tool',
  'allow',
  'deny',
  'optional',
  'domain',
  'domains',
  'email',
  'command',
];

/** The first of the members that would be read as a pattern. */
function patternIn(members: unknown, path: Path): string | undefined {
  if (!PATTERNS.includes(path.findLast((key) => typeof key === 'string'))) return undefined;
  const isPattern = (one: unknown): one is string => typeof one === 'string' && one.includes('*');
  return Array.isArray(members) ? members.find(isPattern) : undefined;
}

/** The names that a document refers to, such as `$set payees`. */
export function referencesIn(value: unknown): ReadonlySet<string> {
  const found = new Set<string>();
  const look = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    if (isReference(part)) {
      for (const [key, name] of Object.entries(part)) found.add(`${key} ${String(name)}`);
      return;
    }
    for (const inner of Object.values(part)) look(inner);
  };
  look(value);
  return found;
}
