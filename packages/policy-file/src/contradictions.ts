import { suggest } from '@guardstile/policy';

import { isRecord, type JsonSchema } from './json-schema-of.ts';

type Path = readonly (string | number)[];

/** A condition that no call can meet. */
export interface Contradiction {
  readonly path: Path;
  readonly message: string;
}

/** Conditions of a `where` that contradict each other, or the schema of the tool's arguments. */
export function contradictionsIn(
  where: unknown,
  schema: JsonSchema | undefined,
  path: Path = [],
): readonly Contradiction[] {
  if (!isRecord(where)) return [];
  return Object.entries(where).flatMap(([field, condition]) => {
    const at = [...path, field];
    const part = fieldOf(schema, field);
    if (part === 'none') {
      const fields = Object.keys(propertiesOf(schema) ?? {});
      return isAbsence(condition)
        ? []
        : [{ path: at, message: `the tool has no field "${field}"${suggest(field, fields)}` }];
    }
    return ofCondition(condition, part, at);
  });
}

function isAbsence(condition: unknown): boolean {
  return isRecord(condition) && condition['exists'] === false;
}

function propertiesOf(schema: JsonSchema | undefined): JsonSchema | undefined {
  const properties = schema?.['properties'];
  return isRecord(properties) ? properties : undefined;
}

/** The schema of a field; `none` where there is none, `undefined` where nothing is known of it. */
function fieldOf(schema: JsonSchema | undefined, field: string): JsonSchema | 'none' | undefined {
  const properties = propertiesOf(schema);
  if (properties === undefined) return undefined;
  if (Object.hasOwn(properties, field)) {
    const part = properties[field];
    return isRecord(part) ? part : undefined;
  }
  const open = schema?.['additionalProperties'];
  return open === true || isRecord(open) || schema?.['patternProperties'] !== undefined
    ? undefined
    : 'none';
}

/** What a condition needs a value to be. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  lt: ['number'],
  lte: ['number'],
  gt: ['number'],
  gte: ['number'],
  startsWith: ['string'],
  endsWith: ['string'],
  path: ['string'],
  domain: ['string'],
  email: ['string'],
  command: ['string', 'array'],
  every: ['array'],
  some: ['array'],
  where: ['object'],
  amount: ['number', 'string'],
};

function ofCondition(
  condition: unknown,
  schema: JsonSchema | undefined,
  path: Path,
): readonly Contradiction[] {
  if (!isRecord(condition)) return ofLiteral(condition, schema, path);
  const inner = Object.entries(condition).flatMap(([operator, operand]) =>
    ofOperator(operator, operand, schema, [...path, operator]),
  );
  if (inner.length > 0) return inner;
  const range = rangeOf(condition, schema);
  return range === undefined ? [] : [{ path, message: range }];
}

function ofOperator(
  operator: string,
  operand: unknown,
  schema: JsonSchema | undefined,
  path: Path,
): readonly Contradiction[] {
  const types = typesOf(schema);
  const needs = NEEDS[operator];
  if (types !== undefined && needs !== undefined && !needs.some((type) => types.has(type))) {
    const is = [...types].join(' or ');
    return [
      { path, message: `${operator} is about a ${needs.join(' or ')}, and the field is a ${is}` },
    ];
  }
  switch (operator) {
    case 'eq':
      return ofLiteral(operand, schema, path);
    case 'in': {
      if (!Array.isArray(operand)) return [];
      const wrong = operand.flatMap((item, i) => ofLiteral(item, schema, [...path, i]));
      return wrong;
    }
    case 'not':
      return ofCondition(operand, schema, path);
    case 'every':
    case 'some': {
      const items = schema?.['items'];
      return ofCondition(operand, isRecord(items) ? items : undefined, path);
    }
    case 'where':
      return contradictionsIn(operand, schema, path);
    default:
      return [];
  }
}

function ofLiteral(
  value: unknown,
  schema: JsonSchema | undefined,
  path: Path,
): readonly Contradiction[] {
  const types = typesOf(schema);
  if (types !== undefined && !types.has(typeOf(value))) {
    const is = [...types].join(' or ');
    return [{ path, message: `${JSON.stringify(value)} can never be: the field is a ${is}` }];
  }
  const values = valuesOf(schema);
  if (values === undefined || values.includes(value)) return [];
  const texts = values.map(String);
  const meant = typeof value === 'string' ? suggest(value, texts) : '';
  return [
    {
      path,
      message: `${JSON.stringify(value)} can never be${meant}; the field is one of ${texts.join(', ')}`,
    },
  ];
}

function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

/** The types that a value may have; `undefined` where the schema leaves that open. */
function typesOf(schema: JsonSchema | undefined): ReadonlySet<string> | undefined {
  const alternatives = alternativesOf(schema);
  if (alternatives !== undefined) {
    const each = alternatives.map(typesOf);
    return each.some((one) => one === undefined)
      ? undefined
      : new Set(each.flatMap((one) => [...(one ?? [])]));
  }
  if (schema !== undefined && 'const' in schema) return new Set([typeOf(schema['const'])]);
  const values = schema?.['enum'];
  if (Array.isArray(values)) return new Set(values.map(typeOf));
  const type = schema?.['type'];
  const types: unknown[] = Array.isArray(type) ? type : type === undefined ? [] : [type];
  if (types.length === 0) return undefined;
  return new Set(types.map((one) => (one === 'integer' ? 'number' : String(one))));
}

/** All values that there are, where they can be counted. */
function valuesOf(schema: JsonSchema | undefined): readonly unknown[] | undefined {
  const alternatives = alternativesOf(schema);
  if (alternatives !== undefined) {
    const each = alternatives.map(valuesOf);
    return each.some((one) => one === undefined) ? undefined : each.flatMap((one) => one ?? []);
  }
  if (schema === undefined) return undefined;
  if ('const' in schema) return [schema['const']];
  if (Array.isArray(schema['enum'])) return schema['enum'] as readonly unknown[];
  return schema['type'] === 'null' ? [null] : undefined;
}

function alternativesOf(schema: JsonSchema | undefined): readonly JsonSchema[] | undefined {
  const list = schema?.['anyOf'] ?? schema?.['oneOf'];
  return Array.isArray(list) ? list.filter(isRecord) : undefined;
}

/** Bounds that leave no number between them. */
function rangeOf(condition: JsonSchema, schema: JsonSchema | undefined): string | undefined {
  const types = typesOf(schema);
  const bounds = types?.size === 1 ? schema : undefined;
  const lower = highest([
    [condition['gt'], true],
    [condition['gte'], false],
    [bounds?.['exclusiveMinimum'], true],
    [bounds?.['minimum'], false],
  ]);
  const upper = highest([
    [negative(condition['lt']), true],
    [negative(condition['lte']), false],
    [negative(bounds?.['exclusiveMaximum']), true],
    [negative(bounds?.['maximum']), false],
  ]);
  const asked = ['lt', 'lte', 'gt', 'gte'].some((name) => name in condition);
  if (!asked || lower === undefined || upper === undefined) return undefined;
  const none = lower.at > -upper.at || (lower.at === -upper.at && (lower.open || upper.open));
  return none ? 'no number meets this: its bounds, and those of the tool, leave none' : undefined;
}

interface Bound {
  readonly at: number;
  readonly open: boolean;
}

function highest(bounds: readonly (readonly [unknown, boolean])[]): Bound | undefined {
  const known = bounds.flatMap(([at, open]) => (typeof at === 'number' ? [{ at, open }] : []));
  return known.sort((a, b) => b.at - a.at || Number(b.open) - Number(a.open))[0];
}

function negative(value: unknown): unknown {
  return typeof value === 'number' ? -value : undefined;
}
