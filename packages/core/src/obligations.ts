import { GuardError } from './errors.ts';
import type { Redactor } from './redact.ts';

/** What is done with a tool's result before the model sees it. */
export type Obligation =
  /** Hides the values of these field names, at any depth, and everything that looks like a secret. */
  | { readonly type: 'redact'; readonly fields: readonly string[] }
  /** Cuts every text of the result to this many characters. */
  | { readonly type: 'cap'; readonly characters: number }
  /** Adds labels to the session before the result is handed on. */
  | { readonly type: 'label'; readonly labels: readonly string[] };

/** Whether this guard can honour it; one it cannot is a deny. */
export function isObligation(value: unknown): value is Obligation {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'type')) return false;
  const obligation = value as Record<string, unknown>;
  switch (obligation['type']) {
    case 'redact':
      return isTexts(obligation['fields']);
    case 'cap':
      return Number.isInteger(obligation['characters']) && (obligation['characters'] as number) >= 0;
    case 'label':
      return isTexts(obligation['labels']);
    default:
      return false;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/**
 * The result as the model may see it.
 *
 * @throws {GuardError} `result_withheld` when an obligation cannot be honoured on this result.
 */
export function applyObligations(
  result: unknown,
  obligations: readonly Obligation[],
  redactor: Redactor,
): unknown {
  let value = result;
  for (const obligation of obligations) {
    try {
      if (obligation.type === 'redact') value = redactor.with(obligation.fields).result(value);
      if (obligation.type === 'cap') value = cap(value, obligation.characters);
    } catch (cause) {
      throw new GuardError(
        'result_withheld',
        `its result cannot be given the required "${obligation.type}" treatment and is withheld; return plain data`,
        { cause },
      );
    }
  }
  return value;
}

function cap(value: unknown, characters: number): unknown {
  if (typeof value === 'string') {
    if (value.length <= characters) return value;
    return `${value.slice(0, characters)}… [${value.length - characters} characters withheld]`;
  }
  if (typeof value === 'function') throw new TypeError('a function cannot be cut');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => cap(item, characters));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError('an instance of a class cannot be cut');
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, cap(item, characters)]));
}
