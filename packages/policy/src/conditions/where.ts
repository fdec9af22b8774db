import type { Operators, Where } from '../document.ts';
import { type Place, readList, readRecord } from '../issues.ts';
import { suggest } from '../suggest.ts';
import { all, any, not, type Truth } from '../truth.ts';
import { readAmount } from './amount.ts';
import { ABSENT, type Check, type FieldCheck, readField } from './check.ts';
import { readCommand } from './command.ts';
import { equals, oneOf, readLiteral, readOrder, readTextPart } from './compare.ts';
import { readDomain } from './domain.ts';
import { readEmail } from './email.ts';
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

/** Deeper than any arguments that a guard accepts, and what ends a policy that holds itself. */
const DEEPEST = 32;

const isOperator = (key: string): key is Operator => (OPERATORS as readonly string[]).includes(key);

/** Conditions by field as a flat list; all of them have to hold. */
export function readWhere(value: unknown, place: Place): readonly FieldCheck[] {
  return fieldsOf(value, place, 0);
}

function fieldsOf(value: unknown, place: Place, depth: number): readonly FieldCheck[] {
  if (depth > DEEPEST) return noChecks(place, 'it is nested too deeply');
  const fields = readRecord(value, place, 'where');
  if (fields === undefined) return [];
  const names = Object.keys(fields);
  if (names.length === 0) return noChecks(place, 'it names no field; leave it out instead');
  return names.flatMap((name) =>
    conditionsOf(fields[name], place.at(name), depth + 1).map((check) => ({
      ...check,
      field: [name, ...check.field],
    })),
  );
}

function noChecks(place: Place, message: string): readonly [] {
  place.wrong(message);
  return [];
}

/** A condition as checks of the value itself (an empty field) and of fields within it. */
function conditionsOf(value: unknown, place: Place, depth: number): readonly FieldCheck[] {
  if (depth > DEEPEST) return noChecks(place, 'it is nested too deeply');
  if (Array.isArray(value)) return noChecks(place, 'a list is no condition; use { in: [...] }');
  if (typeof value !== 'object' || value === null) {
    const literal = readLiteral(value, place);
    return literal === undefined ? [] : [{ ...equals(literal), field: [] }];
  }
  const own = readRecord(value, place, 'a condition');
  if (own === undefined) return [];
  const keys = Object.keys(own);
  const operators = keys.filter(isOperator);
  if (operators.length === 0 && keys.length > 0) return nested(value as Where, keys, place, depth);
  if (operators.length < keys.length) return mixed(keys, operators, place);
  if (keys.length === 0) return noChecks(place, 'it has no operator');
  return operators.flatMap((name) => operatorChecks(name, own[name], place.at(name), depth));
}

/** Operators and fields at once: most often a misspelt operator. */
function mixed(
  keys: readonly string[],
  operators: readonly string[],
  place: Place,
): readonly FieldCheck[] {
  for (const key of keys.filter((one) => !operators.includes(one))) {
    place
      .at(key)
      .wrong(
        `"${key}" is no operator${suggest(key, OPERATORS)}; use ${OPERATORS.join(', ')}, or { where: { … } } for a field of that name`,
      );
  }
  return [];
}

/** What looks like a lone misspelt operator could be a field: the schema of the tool tells. */
function nested(
  value: Where,
  keys: readonly string[],
  place: Place,
  depth: number,
): readonly FieldCheck[] {
  const [only = ''] = keys;
  const misspelt = keys.length === 1 ? suggest(only, OPERATORS) : '';
  const inner: unknown = Object.hasOwn(value, only) ? value[only] : undefined;
  if (misspelt !== '' && (typeof inner !== 'object' || inner === null)) {
    return noChecks(
      place.at(only),
      `"${only}" is no operator${misspelt}; for a field of that name use { where: { ${only}: … } }`,
    );
  }
  return fieldsOf(value, place, depth);
}

function operatorChecks(
  name: Operator,
  value: unknown,
  place: Place,
  depth: number,
): readonly FieldCheck[] {
  if (name === 'where') return fieldsOf(value, place, depth);
  const check = operatorCheck(name, value, place, depth);
  return check === undefined ? [] : [{ ...check, field: [] }];
}

function operatorCheck(
  name: Exclude<Operator, 'where'>,
  value: unknown,
  place: Place,
  depth: number,
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
    case 'exists':
      return readExists(value, place);
    case 'not':
      return opposite(together(conditionsOf(value, place, depth + 1)));
    case 'every':
      return items('every', all, together(conditionsOf(value, place, depth + 1)));
    case 'some':
      return items('some', any, together(conditionsOf(value, place, depth + 1)));
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

export function testFields(checks: readonly FieldCheck[], value: unknown): Truth {
  return all(checks, ({ field, test }) =>
    test(field.length === 0 ? value : readField(value, field)),
  );
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
