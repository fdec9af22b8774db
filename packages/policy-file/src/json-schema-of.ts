import * as z from 'zod';

/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/**
 * The JSON Schema of what a tool receives: from zod 4 and mini, Standard JSON Schema, the AI SDK's
 * `jsonSchema()`, or JSON Schema itself. `undefined` for what says nothing about itself.
 */
export async function jsonSchemaOf(schema: unknown): Promise<JsonSchema | undefined> {
  try {
    const given: unknown = isLazy(schema) ? schema() : schema;
    if (!isRecord(given)) return undefined;
    if (isRecord(given['_zod'])) return ofZod(given);
    const standard = given['~standard'];
    if (isRecord(standard) && isRecord(standard['jsonSchema'])) {
      const { output } = standard['jsonSchema'];
      if (typeof output !== 'function') return undefined;
      const make = output as (options: { readonly target: string }) => unknown; // as the standard says
      const made = make({ target: 'draft-2020-12' });
      return isRecord(made) ? made : undefined;
    }
    const json: unknown = await given['jsonSchema'];
    if (isRecord(json)) return json;
    return isRecord(given['properties']) || typeof given['type'] === 'string' ? given : undefined;
  } catch {
    return undefined;
  }
}

/** As the policy sees the values: after parsing. */
function ofZod(schema: object): JsonSchema {
  const options = { io: 'output', unrepresentable: 'any', cycles: 'ref' } as const;
  return z.toJSONSchema(schema as z.ZodType, options); // it has the mark of one
}

function isLazy(schema: unknown): schema is () => unknown {
  return typeof schema === 'function' && !('~standard' in schema) && !('_zod' in schema);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    (typeof value === 'object' && value !== null && !Array.isArray(value)) ||
    (typeof value === 'function' && '_zod' in value)
  );
}
