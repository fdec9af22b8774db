import type { Operators } from '../document.ts';
import { type Place, readList, readRecord } from '../issues.ts';
import { suggest } from '../suggest.ts';
import { all, any, not, type Truth } from '../truth.ts';
import { readAmount } from './amount.ts';
import { ABSENT, type Check, type FieldCheck, readField } from './check.ts';
import { readCommand } from './command.ts';
import { equals, oneOf, readLiteral, readOrder, readTextPart } from './compare.ts';
import { readDomain } from './domain.ts';
import { readEmail } from './email.ts';
import { NO_REGEXP, readMatches } from './matches.ts';
import { readPath } from './path.ts';

const OPERATORS = [
  'eq',
  'in',
  'lt',
  'lte',
  'gt',
  'gte',
  'startsWith',
  'endsWith',
  'matches',
  'every',
  'some',
  'exists',
  'not',
  'where',
  'path',
  'domain',
  'email',
  'command',
  'amount',
] as const satisfies ReadonlyArray<keyof Operators>;

type Operator = (typeof OPERATORS)[number];

/** What ends a policy that holds itself, or the same part a thousand times over. */
interface Walk {
  readonly depth: number;
  readonly count: { left: number };
}

const DEEPEST = 32;
const MOST_CONDITIONS = 1000;

const isOperator = (key: string): key is Operator => (OPERATORS as readonly string[]).includes(key);

/** Conditions by field as a flat list; all of them have to hold. */
export function readWhere(value: unknown, place: Place): readonly FieldCheck[] {
  return fieldsOf(value, place, { depth: DEEPEST, count: { left: MOST_CONDITIONS } });
}

function fieldsOf(value: unknown, place: Place, walk: Walk): readonly FieldCheck[] {
  const inner = enter(walk, place);
  if (inner === undefined) return [];
  const fields = readRecord(value, place, 'where');
  if (fields === undefined) return [];
  const names = Object.keys(fields);
  if (names.length === 0) return noChecks(place, 'it names no field; leave it out instead');
  return names.flatMap((name) =>
    conditionsOf(fields[name], place.at(name), inner).map((check) => ({
      ...check,
      field: [name, ...check.field],
    })),
  );
}

/** One step further in; `undefined` where that is too far. */
function enter({ depth, count }: Walk, place: Place): Walk | undefined {
  if (depth === 0) return place.wrong('it is nested too deeply');
  count.left -= 1;
  if (count.left === 0) return place.wrong(`it has more than ${MOST_CONDITIONS} conditions`);
  return count.left < 0 ? undefined : { depth: depth - 1, count };
}

function noChecks(place: Place, message: string): readonly [] {
  place.wrong(message);
  return [];
}

/** A condition as checks of the value itself (an empty field) and of fields within it. */
function conditionsOf(value: unknown, place: Place, walk: Walk): readonly FieldCheck[] {
  const inner = enter(walk, place);
  if (inner === undefined) return [];
  if (Array.isArray(value)) return noChecks(place, 'a list is no condition; use { in: [...] }');
  if (typeof value !== 'object' || value === null) {
    const literal = readLiteral(value, place);
    return literal === undefined ? [] : [{ ...equals(literal), field: [] }];
  }
  if (value instanceof RegExp) return noChecks(place, NO_REGEXP);
  const own = readRecord(value, place, 'a condition');
  if (own === undefined) return [];
  const keys = Object.keys(own);
  if (keys.length === 0) return noChecks(place, 'it has no operator');
  return keys.flatMap((name) =>
    isOperator(name)
      ? operatorChecks(name, own[name], place.at(name), inner)
      : noChecks(
          place.at(name),
          `"${name}" is no operator${suggest(name, OPERATORS)}; use ${OPERATORS.join(', ')} (fields of an object go into where)`,
        ),
  );
}

function operatorChecks(
  name: Operator,
  value: unknown,
  place: Place,
  walk: Walk,
): readonly FieldCheck[] {
  if (name === 'where') return fieldsOf(value, place, walk);
  const check = operatorCheck(name, value, place, walk);
  return check === undefined ? [] : [{ ...check, field: [] }];
}

function operatorCheck(
  name: Exclude<Operator, 'where'>,
  value: unknown,
  place: Place,
  walk: Walk,
): Check | undefined {
  switch (name) {
    case 'eq': {
      const literal = readLiteral(value, place);
      return literal === undefined ? undefined : equals(literal);
    }
    case 'in': {
      const list = readList(value, place, readLiteral);
      return list === undefined ? undefined : oneOf(list);
    }
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return readOrder(name, value, place);
    case 'startsWith':
    case 'endsWith':
      return readTextPart(name, value, place);
    case 'matches':
      return readMatches(value, place);
    case 'exists':
      return readExists(value, place);
    case 'not':
      return opposite(together(conditionsOf(value, place, walk)));
    case 'every':
      return items('every', all, together(conditionsOf(value, place, walk)));
    case 'some':
      return items('some', any, together(conditionsOf(value, place, walk)));
    case 'path':
      return readPath(value, place);
    case 'domain':
      return readDomain(value, place);
    case 'email':
      return readEmail(value, place);
    case 'command':
      return readCommand(value, place);
    case 'amount':
      return readAmount(value, place);
  }
}

function readExists(value: unknown, place: Place): Check | undefined {
  if (typeof value !== 'boolean') return place.wrong('exists is true or false');
  return {
    wants: value ? 'it to be there' : 'it not to be there',
    means: { exists: value },
    test: (given) => (given !== ABSENT) === value,
  };
}

/** Several checks of one value as one. */
function together(checks: readonly FieldCheck[]): Check | undefined {
  const [first] = checks;
  if (first === undefined) return undefined; // what is wrong was reported
  if (checks.length === 1 && first.field.length === 0) return first;
  return {
    wants: checks
      .map(({ field, wants }) => (field.length === 0 ? wants : `${field.join('.')} ${wants}`))
      .join(' and '),
    means: meaningOf(checks),
    test: (value) => testFields(checks, value),
  };
}

/** Runs on every call: a loop costs less than a closure per check. */
export function testFields(checks: readonly FieldCheck[], value: unknown): Truth {
  let result: Truth = true;
  for (let i = 0; i < checks.length; i += 1) {
    const { field, test } = checks[i] as FieldCheck; // within bounds
    const truth = test(field.length === 0 ? value : readField(value, field));
    if (truth === false) return false;
    if (truth === undefined) result = undefined;
  }
  return result;
}

/** The same for the same checks in another order. */
export function meaningOf(checks: readonly FieldCheck[]): unknown {
  const each = checks.map(({ field, means }) => JSON.stringify([field, means]));
  return [...new Set(each)].sort();
}

function opposite(check: Check | undefined): Check | undefined {
  if (check === undefined) return undefined;
  return {
    wants: `not (${check.wants})`,
    means: { not: check.means },
    test: (value) => not(check.test(value)),
  };
}

function items(
  name: 'every' | 'some',
  quantify: typeof all<unknown>,
  check: Check | undefined,
): Check | undefined {
  if (check === undefined) return undefined;
  return {
    wants: `${name} item to be ${check.wants}`,
    means: { [name]: check.means },
    test: (value) =>
      Array.isArray(value)
        ? quantify(value, (item) => check.test(item === undefined ? ABSENT : item))
        : undefined,
  };
}
