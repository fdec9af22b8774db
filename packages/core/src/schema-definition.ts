import { isThenable, type MaybePromise } from './steps.ts';

/** How deep a schema is looked into; what lies deeper is cut off. */
const DEPTH = 64;

/** Functions of zod 3 that give a part of the schema, and do nothing else. */
const PARTS: readonly string[] = ['shape', 'getter'];

/**
 * What a schema consists of, as plain data that changes when the schema does: for the digest of a
 * tool. Understands JSON Schema, schemas of the AI SDK, zod 3, 4 and mini, and whatever else keeps
 * its definition in plain fields; functions count by their source text.
 */
export function schemaDefinition(schema: unknown): MaybePromise<unknown> {
  const resolved: unknown = isLazy(schema) ? schema() : schema;
  const json = fieldOf(resolved, 'jsonSchema');
  if (isThenable(json)) return Promise.resolve(json).then((value) => plain(value, []));
  return plain(json ?? resolved, []);
}

function isLazy(schema: unknown): schema is () => unknown {
  return typeof schema === 'function' && !('~standard' in schema);
}

function fieldOf(value: unknown, name: string): unknown {
  const holder = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return holder ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

function plain(value: unknown, around: readonly unknown[]): unknown {
  if (typeof value === 'function' || typeof value === 'symbol') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof RegExp || value instanceof Date) return String(value);
  if (around.includes(value) || around.length > DEPTH) return '@again';
  const inside = [...around, value];
  if (Array.isArray(value)) return value.map((item: unknown) => plain(item, inside));
  if (value instanceof Map || value instanceof Set) {
    return [...value].map((item: unknown) => plain(item, inside));
  }
  const definition = fieldOf(fieldOf(value, '_zod'), 'def') ?? fieldOf(value, '_def');
  if (definition !== undefined && definition !== value) return plain(definition, inside);
  return Object.fromEntries(
    Object.entries(value).map(([name, part]: [string, unknown]) => [
      name,
      plain(
        PARTS.includes(name) && typeof part === 'function' ? (part as () => unknown)() : part,
        inside,
      ),
    ]),
  );
}
