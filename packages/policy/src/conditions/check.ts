import type { Truth } from '../truth.ts';

/** What a field has when it is not there. */
export const ABSENT: unique symbol = Symbol('absent');

/** A condition on one value, ready to be tested. */
export interface Check {
  /** In words, such as `lte 500`. */
  readonly wants: string;
  /** The same for digests: two checks with the same meaning have the same. */
  readonly means: unknown;
  readonly test: (value: unknown) => Truth;
}

/** A condition on one field of the arguments. */
export interface FieldCheck extends Check {
  readonly field: readonly string[];
}

/** The value of a field, own properties only. */
export function readField(args: unknown, field: readonly string[]): unknown {
  const [first = ''] = field;
  if (field.length === 1) return ownValue(args, first); // most are: a tenth of a decision's time
  let value = args;
  for (let i = 0; i < field.length; i += 1) value = ownValue(value, field[i] ?? '');
  return value;
}

function ownValue(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return ABSENT;
  const found = (value as Readonly<Record<string, unknown>>)[key];
  return found === undefined ? ABSENT : found;
}
