import { GuardError } from './errors.ts';
import { isThenable, type MaybePromise } from './steps.ts';

/** A schema that parses through a method of its own, as zod 3 and 4 have it. */
export interface SafeParseSchema<Output = unknown> {
  safeParse(
    input: unknown,
  ): { readonly success: true; readonly data: Output } | { readonly success: false; readonly error: unknown };
}

/** The part of the Standard Schema specification (standardschema.dev) that is used here. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly validate: (
      input: unknown,
    ) => MaybePromise<
      | { readonly value: Output; readonly issues?: undefined }
      | { readonly issues: ReadonlyArray<{ readonly message: string; readonly path?: unknown }> }
    >;
  };
}

/** What parses a tool's arguments: zod, Valibot, ArkType, or anything of Standard Schema. */
export type ToolSchema<Output = unknown> = SafeParseSchema<Output> | StandardSchema<Output>;

export function isToolSchema(value: unknown): value is ToolSchema {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    (typeof (value as { safeParse?: unknown }).safeParse === 'function' ||
      typeof (value as { '~standard'?: { validate?: unknown } })['~standard']?.validate === 'function')
  );
}

/**
 * The parsed arguments.
 *
 * @throws {GuardError} `args_invalid` with what the schema said.
 */
export function parseArgs(schema: ToolSchema, input: unknown): MaybePromise<unknown> {
  if ('safeParse' in schema && typeof schema.safeParse === 'function') {
    let result: ReturnType<SafeParseSchema['safeParse']>;
    try {
      result = schema.safeParse(input);
    } catch (error) {
      // zod throws here when a refinement is asynchronous; the standard interface awaits it.
      if (!('~standard' in schema)) throw invalid(error);
      return parseStandard(schema as StandardSchema, input);
    }
    if (result.success) return result.data;
    throw invalid(result.error);
  }
  return parseStandard(schema as StandardSchema, input);
}

function parseStandard(schema: StandardSchema, input: unknown): MaybePromise<unknown> {
  const result = schema['~standard'].validate(input);
  return isThenable(result) ? result.then(outputOf) : outputOf(result);
}

function outputOf(
  result: Awaited<ReturnType<StandardSchema['~standard']['validate']>>,
): unknown {
  if (result.issues === undefined) return result.value;
  throw invalid(new Error(result.issues.map((issue) => issue.message).join('; ')));
}

function invalid(cause: unknown): GuardError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new GuardError('args_invalid', `the arguments do not fit the tool's schema: ${why}`, { cause });
}
