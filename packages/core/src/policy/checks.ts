import { GuardError } from '../errors.ts';

/** Refuses options that nobody reads: a misspelt `deny` must not become no `deny`. */
export function refuseUnknownKeys(policy: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw invalid(policy, `"${key}" is not an option; use ${known.join(', ')}`);
  }
}

/** A list of tool names as a set; `undefined` stays `undefined`, which restricts nothing. */
export function toolSet(
  policy: string,
  option: string,
  names: unknown,
): ReadonlySet<string> | undefined {
  if (names === undefined) return undefined;
  const list = names instanceof Set ? [...names] : names;
  if (!Array.isArray(list) || !list.every((name) => typeof name === 'string')) {
    throw invalid(policy, `"${option}" has to be a list of tool names`);
  }
  return new Set(list);
}

export function invalid(policy: string, what: string): GuardError {
  return new GuardError('policy_invalid', `${policy}: ${what}`);
}
