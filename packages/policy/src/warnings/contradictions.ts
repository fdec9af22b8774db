import { ABSENT } from '../conditions/check.ts';
import { readWhere, testFields } from '../conditions/where.ts';
import { placeIn, type PolicyIssue } from '../issues.ts';
import { suggest } from '../suggest.ts';
import {
  fieldsOf,
  isRecord,
  type JsonSchema,
  partOf,
  typeOf,
  typesOf,
  valuesOf,
} from './json-schema.ts';

type Path = PolicyIssue['path'];

/** Conditions that no call can meet: for themselves, or with what the tool takes. */
export function contradictionsIn(
  where: unknown,
  schema: JsonSchema | undefined,
  path: Path,
): readonly PolicyIssue[] {
  if (!isRecord(where)) return [];
  return Object.entries(where).flatMap(([name, condition]) => {
    const at = [...path, name];
    const unknown = unknownField(schema, name);
    const absent = isRecord(condition) && condition['exists'] === false;
    return unknown === undefined || absent
      ? inCondition(condition, partOf(schema, name), at)
      : [{ path: at, message: unknown }];
  });
}

export function unknownField(schema: JsonSchema | undefined, name: string): string | undefined {
  const fields = fieldsOf(schema);
  if (fields === undefined || fields.includes(name)) return undefined;
  return `the tool has no field "${name}"${suggest(name, fields)}`;
}

function inCondition(
  condition: unknown,
  schema: JsonSchema | undefined,
  path: Path,
): readonly PolicyIssue[] {
  if (!isRecord(condition)) return inLiteral(condition, schema, path);
  const parts = Object.entries(condition).flatMap(([name, operand]) =>
    inOperator(name, operand, schema, [...path, name]),
  );
  if (parts.length > 0) return parts;
  const message = noValue(condition, schema) ?? noNumber(condition, schema);
  return message === undefined ? [] : [{ path, message }];
}

/** The types of values that an operator can be tested on. */
const ABOUT: Readonly<Record<string, readonly string[]>> = {
  lt: ['number'],
  lte: ['number'],
  gt: ['number'],
  gte: ['number'],
  startsWith: ['string'],
  endsWith: ['string'],
  matches: ['string'],
  path: ['string'],
  domain: ['string'],
  email: ['string'],
  command: ['string', 'array'],
  amount: ['number', 'string'],
  every: ['array'],
  some: ['array'],
  where: ['object'],
};

function inOperator(
  name: string,
  operand: unknown,
  schema: JsonSchema | undefined,
  path: Path,
): readonly PolicyIssue[] {
  const [types, about] = [typesOf(schema), ABOUT[name]];
  if (types !== undefined && about !== undefined && !about.some((type) => types.has(type))) {
    const message = `${name} is about ${about.join(' or ')}, and the field is ${named(types)}`;
    return [{ path, message }];
  }
  switch (name) {
    case 'eq':
      return inLiteral(operand, schema, path);
    case 'in': {
      const list = Array.isArray(operand) ? (operand as readonly unknown[]) : [];
      return list.flatMap((item, i) => inLiteral(item, schema, [...path, i]));
    }
    case 'not':
      return inCondition(operand, schema, path);
    case 'every':
    case 'some': {
      const items = schema?.['items'];
      return inCondition(operand, isRecord(items) ? items : undefined, path);
    }
    case 'where':
      return contradictionsIn(operand, schema, path);
    default:
      return [];
  }
}

const named = (types: ReadonlySet<string>): string => [...types].join(' or ');

function inLiteral(
  value: unknown,
  schema: JsonSchema | undefined,
  path: Path,
): readonly PolicyIssue[] {
  const [types, values] = [typesOf(schema), valuesOf(schema)];
  const text = JSON.stringify(value);
  if (types !== undefined && !types.has(typeOf(value))) {
    return [{ path, message: `it can never be ${text}: the field is ${named(types)}` }];
  }
  if (values === undefined || values.includes(value)) return [];
  const meant = typeof value === 'string' ? suggest(value, values.map(String)) : '';
  const all = values.map((one) => JSON.stringify(one)).join(', ');
  return [{ path, message: `it can never be ${text}${meant}; it is one of ${all}` }];
}

/** Where the values can be counted, each of them is tried. */
function noValue(condition: JsonSchema, schema: JsonSchema | undefined): string | undefined {
  const listed = 'eq' in condition ? [condition['eq']] : condition['in'];
  const values = Array.isArray(listed) ? (listed as readonly unknown[]) : valuesOf(schema);
  const absent = condition['exists'] === false;
  if (values === undefined && !absent) return undefined;
  const checks = readWhere({ value: condition }, placeIn([]));
  const meets = (value: unknown): boolean => testFields(checks, { value }) === true;
  const some = absent ? meets(ABSENT) : values?.some(meets);
  return some === true ? undefined : 'no value meets all of this';
}

interface Bound {
  readonly at: number;
  readonly open: boolean;
}

/** Bounds that leave no number between them. */
function noNumber(condition: JsonSchema, schema: JsonSchema | undefined): string | undefined {
  const asked = ['lt', 'lte', 'gt', 'gte'].some((name) => name in condition);
  const types = typesOf(schema);
  const own = types?.size === 1 && types.has('number') ? schema : undefined;
  const lower = highest([
    [condition['gt'], true],
    [condition['gte'], false],
    [own?.['exclusiveMinimum'], true],
    [own?.['minimum'], false],
  ]);
  const upper = highest([
    [negative(condition['lt']), true],
    [negative(condition['lte']), false],
    [negative(own?.['exclusiveMaximum']), true],
    [negative(own?.['maximum']), false],
  ]);
  if (!asked || lower === undefined || upper === undefined) return undefined;
  const none = lower.at > -upper.at || (lower.at === -upper.at && (lower.open || upper.open));
  return none ? 'no number is within these bounds, and those of the tool' : undefined;
}

function highest(bounds: ReadonlyArray<readonly [unknown, boolean]>): Bound | undefined {
  const known = bounds.flatMap(([at, open]) => (typeof at === 'number' ? [{ at, open }] : []));
  return known.sort((a, b) => b.at - a.at || Number(b.open) - Number(a.open))[0];
}

function negative(value: unknown): unknown {
  return typeof value === 'number' ? -value : undefined;
}
