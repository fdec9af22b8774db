import { isRecord, type JsonSchema } from './json-schema-of.ts';

const SET: JsonSchema = { $ref: '#/$defs/set' };
const ENV: JsonSchema = { $ref: '#/$defs/env' };
const LITERAL: JsonSchema = { $ref: '#/$defs/literal' };
const TEXT: JsonSchema = { type: 'string', minLength: 1 };
const NUMBER: JsonSchema = { type: 'number' };

const ORDER = { lt: NUMBER, lte: NUMBER, gt: NUMBER, gte: NUMBER };

const texts: JsonSchema = { anyOf: [TEXT, SET, { type: 'array', items: { anyOf: [TEXT, SET] } }] };

const AMOUNT: JsonSchema = object({
  eq: { type: ['number', 'string'] },
  lt: { type: ['number', 'string'] },
  lte: { type: ['number', 'string'] },
  gt: { type: ['number', 'string'] },
  gte: { type: ['number', 'string'] },
});

const PATH: JsonSchema = { anyOf: [texts, object({ under: texts, glob: texts, base: TEXT })] };

const COMMAND: JsonSchema = {
  anyOf: [
    TEXT,
    SET,
    { type: 'array', items: { anyOf: [TEXT, { type: 'array', items: { type: 'string' } }] } },
  ],
};

/** Operators by what a value is. */
const OPERATORS: Readonly<Record<string, JsonSchema>> = {
  number: { ...ORDER, amount: AMOUNT },
  string: {
    startsWith: TEXT,
    endsWith: TEXT,
    matches: { ...TEXT, maxLength: 1000 },
    path: PATH,
    domain: texts,
    email: texts,
    command: COMMAND,
    amount: AMOUNT,
  },
  array: { command: COMMAND },
};

/** An object with these fields and no others. */
export function object(properties: JsonSchema, required: readonly string[] = []): JsonSchema {
  return {
    type: 'object',
    properties,
    additionalProperties: false,
    ...(required.length === 0 ? {} : { required }),
  };
}

/** Conditions on the fields that a schema has; any field where it says nothing of them. */
export function whereSchema(args: JsonSchema | undefined, depth = 4): JsonSchema {
  const fields = args?.['properties'];
  if (!isRecord(fields) || depth === 0) return { $ref: '#/$defs/where' };
  const conditions = Object.entries(fields).map(([name, field]) => [
    name,
    conditionSchema(isRecord(field) ? field : undefined, depth - 1),
  ]);
  const open = args?.['additionalProperties'];
  return {
    type: 'object',
    minProperties: 1,
    properties: Object.fromEntries(conditions),
    additionalProperties: open === true || isRecord(open) ? { $ref: '#/$defs/condition' } : false,
  };
}

/** What a condition on a field may be. */
function conditionSchema(field: JsonSchema | undefined, depth = 4): JsonSchema {
  const types = field === undefined ? undefined : typesOf(field);
  if (field === undefined || types === undefined || depth === 0) {
    return { $ref: '#/$defs/condition' };
  }
  const literal = literalSchema(field);
  const items = field['items'];
  const inner = (): JsonSchema => conditionSchema(isRecord(items) ? items : undefined, depth - 1);
  const operators = {
    eq: { anyOf: [literal, ENV] },
    in: { anyOf: [SET, { type: 'array', items: { anyOf: [literal, SET, ENV] } }] },
    exists: { type: 'boolean' },
    not: conditionOf(literal, { ...operatorsOf(types), ...listOperators(literal) }),
    ...operatorsOf(types),
    ...(types.includes('array') ? { every: inner(), some: inner() } : {}),
    ...(types.includes('object') ? { where: whereSchema(field, depth - 1) } : {}),
  };
  return conditionOf(literal, operators);
}

function listOperators(literal: JsonSchema): JsonSchema {
  return {
    eq: { anyOf: [literal, ENV] },
    in: { anyOf: [SET, { type: 'array', items: { anyOf: [literal, SET, ENV] } }] },
    exists: { type: 'boolean' },
    not: { $ref: '#/$defs/condition' },
  };
}

function conditionOf(literal: JsonSchema, operators: JsonSchema): JsonSchema {
  return { anyOf: [literal, ENV, { ...object(operators), minProperties: 1 }] };
}

function operatorsOf(types: readonly string[]): JsonSchema {
  const all = types.map((type) => OPERATORS[type] ?? {});
  const found: Record<string, unknown> = {};
  for (const [name, schema] of all.flatMap((one) => Object.entries(one))) {
    found[name] =
      isRecord(schema) && schema['type'] === 'number' ? { anyOf: [schema, ENV] } : schema;
  }
  return found;
}

/** The values that a field may have, as far as a condition can name them. */
function literalSchema(field: JsonSchema): JsonSchema {
  if ('const' in field) return { const: field['const'] };
  if (Array.isArray(field['enum'])) return { enum: field['enum'] };
  const alternatives = field['anyOf'] ?? field['oneOf'];
  if (Array.isArray(alternatives))
    return { anyOf: alternatives.filter(isRecord).map(literalSchema) };
  const simple = (typesOf(field) ?? []).filter((type) => type !== 'array' && type !== 'object');
  return simple.length === 0 ? { not: {} } : { type: simple };
}

function typesOf(field: JsonSchema): readonly string[] | undefined {
  const alternatives = field['anyOf'] ?? field['oneOf'];
  if (Array.isArray(alternatives)) {
    const each = alternatives.filter(isRecord).map(typesOf);
    return each.some((one) => one === undefined) ? undefined : each.flatMap((one) => one ?? []);
  }
  if (typeof field['const'] === 'string') return ['string'];
  if (Array.isArray(field['enum'])) {
    return [...new Set(field['enum'].map((one) => (one === null ? 'null' : typeof one)))];
  }
  const { type } = field;
  const types: unknown[] = Array.isArray(type) ? type : type === undefined ? [] : [type];
  if (types.length === 0) return undefined;
  return types.map((one) => (one === 'integer' ? 'number' : String(one)));
}

/** The parts that every schema of a policy refers to. */
export const CONDITION_DEFS: JsonSchema = {
  literal: { type: ['string', 'number', 'boolean', 'null'] },
  set: object({ $set: { type: 'string' } }, ['$set']),
  env: object({ $env: { type: 'string' } }, ['$env']),
  where: {
    type: 'object',
    minProperties: 1,
    additionalProperties: { $ref: '#/$defs/condition' },
  },
  condition: conditionOf(LITERAL, {
    eq: { anyOf: [LITERAL, ENV] },
    in: { anyOf: [SET, { type: 'array', items: { anyOf: [LITERAL, SET, ENV] } }] },
    exists: { type: 'boolean' },
    not: { $ref: '#/$defs/condition' },
    every: { $ref: '#/$defs/condition' },
    some: { $ref: '#/$defs/condition' },
    where: { $ref: '#/$defs/where' },
    ...operatorsOf(['number', 'string', 'array']),
  }),
};
