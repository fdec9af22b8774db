import { GuardError } from '../errors.ts';

/** A list of tool names as a set; `undefined` stays `undefined`, which restricts nothing. */
export function toolSet(
  policy: string,
  option: string,
  names: unknown,
): ReadonlySet<string> | undefined {
  if (names === undefined) return undefined;
  if (!isIterable(names)) throw invalid(policy, `"${option}" has to be a list of tool names`);
  const set = new Set<string>();
  for (const name of names) {
    if (typeof name !== 'string') {
      throw invalid(policy, `"${option}" holds something that is not the name of a tool`);
    }
    set.add(name);
  }
  return set;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function'
  );
}

export function invalid(policy: string, what: string): GuardError {
  return new GuardError('policy_invalid', `${policy}: ${what}`);
}
