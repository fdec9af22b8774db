import { placeIn, readRecord } from '../issues.ts';

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The schema of what a tool receives, of each tool that says so. */
export function schemasByTool(tools: object): ReadonlyMap<string, JsonSchema | undefined> {
  const named: readonly (readonly [unknown, unknown])[] = Array.isArray(tools)
    ? Array.from(tools as readonly unknown[], (tool) => [field(tool, 'name'), tool])
    : Object.entries(tools);
  return new Map(
    named.flatMap(([name, tool]) => (typeof name === 'string' ? [[name, schemaOf(tool)]] : [])),
  );
}

/** Where tools keep it: the AI SDK, LangChain, and others. */
const HOLDERS = ['inputSchema', 'schema', 'parameters'];

function schemaOf(tool: unknown): JsonSchema | undefined {
  try {
    const isSchema = isRecord(field(tool, 'properties')) || field(tool, '~standard') !== undefined;
    const holder = isSchema ? undefined : HOLDERS.find((name) => field(tool, name) !== undefined);
    return jsonSchemaOf(holder === undefined ? tool : field(tool, holder));
  } catch {
    return undefined; // it says nothing of itself then
  }
}

/** What comes of parsing, as policies see it. */
function jsonSchemaOf(schema: unknown): JsonSchema | undefined {
  const zod = call(schema, 'toJSONSchema', { io: 'output', unrepresentable: 'any' });
  if (isRecord(zod)) return zod;
  const standard = field(field(schema, '~standard'), 'jsonSchema');
  const made = call(standard, 'output', { target: 'draft-2020-12' });
  if (isRecord(made)) return made;
  const given = field(schema, 'jsonSchema') ?? schema;
  const plain = isRecord(given) ? readRecord(given, placeIn([]), 'a schema') : undefined;
  return plain !== undefined && (isRecord(plain['properties']) || typeof plain['type'] === 'string')
    ? plain
    : undefined;
}

function field(holder: unknown, name: string): unknown {
  const holds = (typeof holder === 'object' && holder !== null) || typeof holder === 'function';
  return holds ? (Reflect.get(holder, name) as unknown) : undefined;
}

function call(holder: unknown, name: string, options: object): unknown {
  const method = field(holder, name);
  return typeof method === 'function' ? (method.call(holder, options) as unknown) : undefined;
}

/** Whether parts of a schema say more than what is looked at here. */
function isComposed(schema: JsonSchema): boolean {
  return ['$ref', 'allOf', 'if', 'not'].some((name) => Object.hasOwn(schema, name));
}

/** The types that a value may have; `undefined` where the schema leaves that open. */
export function typesOf(schema: JsonSchema | undefined): ReadonlySet<string> | undefined {
  if (schema === undefined || isComposed(schema)) return undefined;
  const alternatives = alternativesOf(schema);
  if (alternatives !== undefined) return union(alternatives.map(typesOf));
  const values = valuesOf(schema);
  if (values !== undefined) return new Set(values.map(typeOf));
  const { type } = schema;
  const types: readonly unknown[] = Array.isArray(type) ? type : type === undefined ? [] : [type];
  if (types.length === 0) return undefined;
  const names = types.map((one) => (one === 'integer' ? 'number' : String(one)));
  return new Set(schema['nullable'] === true ? [...names, 'null'] : names);
}

/** All values that there are, where they can be counted. */
export function valuesOf(schema: JsonSchema | undefined): readonly unknown[] | undefined {
  if (schema === undefined || isComposed(schema)) return undefined;
  const alternatives = alternativesOf(schema)?.map(valuesOf);
  if (alternatives !== undefined) {
    const known = alternatives.filter((one) => one !== undefined);
    return known.length === alternatives.length ? known.flat() : undefined;
  }
  const none = schema['nullable'] === true ? [null] : [];
  if (Object.hasOwn(schema, 'const')) return [schema['const'], ...none];
  if (Array.isArray(schema['enum'])) return [...(schema['enum'] as readonly unknown[]), ...none];
  if (schema['type'] === 'boolean') return [true, false, ...none];
  return schema['type'] === 'null' ? [null] : undefined;
}

function alternativesOf(schema: JsonSchema): readonly JsonSchema[] | undefined {
  const list = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(list) ? list.filter(isRecord) : undefined;
}

function union<T>(sets: ReadonlyArray<ReadonlySet<T> | undefined>): ReadonlySet<T> | undefined {
  const known = sets.filter((set) => set !== undefined);
  return known.length === sets.length ? new Set(known.flatMap((set) => [...set])) : undefined;
}

export function typeOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

/** The names of the fields of an object; `undefined` where there may be others. */
export function fieldsOf(schema: JsonSchema | undefined): readonly string[] | undefined {
  if (schema === undefined || isComposed(schema) || alternativesOf(schema) !== undefined) {
    return undefined;
  }
  const { properties, additionalProperties: open } = schema;
  if (!isRecord(properties) || open === true || isRecord(open)) return undefined;
  return schema['patternProperties'] === undefined ? Object.keys(properties) : undefined;
}

export function partOf(schema: JsonSchema | undefined, name: string): JsonSchema | undefined {
  const properties = schema?.['properties'];
  const part =
    isRecord(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return isRecord(part) ? part : undefined;
}
