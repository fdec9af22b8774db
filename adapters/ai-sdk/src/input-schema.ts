import { GuardError, type StandardSchema } from '@guardstile/core';

import type { ToolShape } from './tool-shape.ts';

interface SdkSchema {
  validate?(input: unknown): PromiseLike<SdkResult> | SdkResult;
}

type SdkResult =
  | { readonly success: true; readonly value: unknown }
  | { readonly success: false; readonly error: unknown };

/**
 * The tool's input schema as a Standard Schema. The SDK has parsed the arguments before a guard
 * sees them, so it is only used after a rewrite, and a lazy schema stays unevaluated until then.
 */
export function inputSchemaOf(tool: ToolShape): StandardSchema {
  return { '~standard': { validate: async (input) => validate(tool.inputSchema, input) } };
}

/** What the schema makes of the value, whichever of the SDK's kinds of schema it is. */
export async function validate(
  schema: unknown,
  input: unknown,
): Promise<
  { readonly value: unknown } | { readonly issues: ReadonlyArray<{ readonly message: string }> }
> {
  const resolved: unknown =
    typeof schema === 'function' && !('~standard' in schema) ? (schema as () => unknown)() : schema;
  if (isStandard(resolved)) return resolved['~standard'].validate(input);
  const sdkSchema = (resolved ?? {}) as SdkSchema;
  if (sdkSchema.validate === undefined) {
    throw new GuardError(
      'args_invalid',
      'a hook rewrote the arguments, and the tool has no schema that could check them; give it one with validation',
    );
  }
  const result = await sdkSchema.validate(input);
  if (result.success) return { value: result.value };
  return {
    issues: [{ message: result.error instanceof Error ? result.error.message : 'invalid' }],
  };
}

function isStandard(schema: unknown): schema is StandardSchema {
  return (
    ((typeof schema === 'object' && schema !== null) || typeof schema === 'function') &&
    '~standard' in schema
  );
}
