import { GuardError } from './errors.ts';
import { messageOf } from './message-of.ts';
import { ownFields } from './own-fields.ts';
import { isThenable, type MaybePromise } from './steps.ts';

/** A schema that parses through a method of its own, as zod 3 and 4 have it. */
export interface SafeParseSchema<Output = unknown> {
  safeParse(
    input: unknown,
  ):
    | { readonly success: true; readonly data: Output }
    | { readonly success: false; readonly error: unknown };
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
      typeof (value as { '~standard'?: { validate?: unknown } })['~standard']?.validate ===
        'function')
  );
}

/**
 * The parsed arguments.
 *
 * @throws {GuardError} `args_invalid` with what the schema said, also when it failed to say anything.
 */
export function parseArgs(schema: ToolSchema, input: unknown): MaybePromise<unknown> {
  try {
    const parsed = parse(schema, input);
    return isThenable(parsed) ? Promise.resolve(parsed).catch(refuse) : parsed;
  } catch (error) {
    return refuse(error);
  }
}

function parse(schema: ToolSchema, input: unknown): MaybePromise<unknown> {
  if (!('safeParse' in schema && typeof schema.safeParse === 'function')) {
    return parseStandard(schema as StandardSchema, input);
  }
  let result: unknown;
  try {
    result = schema.safeParse(input);
  } catch (error) {
    // zod throws here when a refinement is asynchronous; the standard interface awaits it.
    if (!('~standard' in schema)) throw error;
    return parseStandard(schema as StandardSchema, input);
  }
  const own = ownFields(result);
  if (own['success'] === true && 'data' in own) return own['data'];
  const why: unknown = own['error'] ?? new Error('it gave neither data nor an error');
  throw why;
}

function parseStandard(schema: StandardSchema, input: unknown): MaybePromise<unknown> {
  const result = schema['~standard'].validate(input);
  return isThenable(result) ? result.then(outputOf) : outputOf(result);
}

function outputOf(result: Awaited<ReturnType<StandardSchema['~standard']['validate']>>): unknown {
  if (result.issues !== undefined) {
    throw new Error(result.issues.map((issue) => issue.message).join('; '));
  }
  if (Object.hasOwn(result, 'value')) return result.value;
  throw new Error('it gave neither a value nor issues');
}

function refuse(cause: unknown): never {
  throw new GuardError(
    'args_invalid',
    `the arguments do not fit the tool's schema: ${messageOf(cause)}`,
    { cause },
  );
}
