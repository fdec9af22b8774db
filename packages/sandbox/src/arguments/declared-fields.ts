import { GuardError } from '@guardstile/core';

/**
 * Fields of arguments by name, `options.cwd` for a field within one; lists are looked through. What
 * is declared of a field holds for everything in it. `false` says that it is nothing of the kind.
 */
export type Fields<Use extends string | true> =
  | readonly string[]
  | Readonly<Record<string, Use | false>>;

/** The same for every tool (a list), or by the name of the tool. */
export type DeclaredFields<Use extends string | true> =
  | readonly string[]
  | Readonly<Record<string, Fields<Use>>>;

/** What is declared of the fields of one tool, as {@link fieldWithin} names them. */
export type FieldUses<Use> = ReadonlyMap<string, Use | 'declared' | false>;

/**
 * Reads a declaration once, so that a misspelt one is refused at the start and not at a call.
 *
 * @throws {GuardError} `options_invalid`.
 */
export function readDeclared<Use extends string | true>(
  option: string,
  given: DeclaredFields<Use> | undefined,
  uses: readonly Use[],
): (tool: string) => FieldUses<Use> {
  if (given === undefined) return () => NONE;
  if (isList(given)) {
    const fields = readFields(option, given, uses);
    return () => fields;
  }
  const tools = new Map(
    entries(option, given).map(([tool, fields]) => [
      tool,
      readFields(`${option}.${tool}`, fields, uses),
    ]),
  );
  return (tool) => tools.get(tool) ?? NONE;
}

const NONE: ReadonlyMap<string, never> = new Map<string, never>();

function readFields<Use extends string | true>(
  option: string,
  given: Fields<Use>,
  uses: readonly Use[],
): FieldUses<Use> {
  if (!isList(given)) {
    return new Map(
      entries(option, given).map(([field, use]) => {
        if (use === false || uses.includes(use)) return [internal(field), use];
        const known = [...uses, false].map((one) => JSON.stringify(one));
        throw invalid(option, `"${field}" has to be ${known.join(' or ')}`);
      }),
    );
  }
  return new Map(
    given.map((field: unknown) => {
      if (typeof field === 'string' && field !== '') return [internal(field), 'declared'];
      throw invalid(option, 'it has to list names of fields');
    }),
  );
}

/** A field within another one; a dot in the name of a field is not the end of it. */
export function fieldWithin(field: string, name: string): string {
  return field === '' ? name : `${field}\0${name}`;
}

function internal(field: string): string {
  return field.split('.').reduce(fieldWithin, '');
}

function entries<T>(option: string, given: Readonly<Record<string, T>>): Array<[string, T]> {
  if (typeof given === 'object' && given !== null) return Object.entries(given);
  throw invalid(option, 'it has to be a list of fields, or such lists by tool');
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(given: unknown): given is readonly string[] {
  return Array.isArray(given);
}

function invalid(option: string, what: string): GuardError {
  return new GuardError('options_invalid', `${option}: ${what}`);
}
