import { canonical } from '../canonical.ts';
import { GuardError } from '../errors.ts';
import { applyObligations, type Obligation } from '../obligations.ts';
import type { CallState } from './call-state.ts';

/**
 * Step 9 for one value, the result or a chunk of it: what the model may see of it.
 *
 * @throws {GuardError} `result_withheld`.
 */
export function treat(
  state: CallState,
  obligations: readonly Obligation[],
  value: unknown,
): unknown {
  const { redactor } = state.parts;
  const treated = obligations.length === 0 ? value : applyObligations(value, obligations, redactor);
  if (state.tool.secrets.length === 0) return treated;
  try {
    return redactor.withoutIssued(treated);
  } catch (cause) {
    throw new GuardError(
      'result_withheld',
      'its result may hold a secret it was given and cannot be looked into, so it is withheld; return plain data',
      { cause },
    );
  }
}

/**
 * What was thrown, as the model may see it; the same object unless something had to be hidden.
 *
 * @throws {GuardError} `result_withheld`.
 */
export function treatError(
  state: CallState,
  obligations: readonly Obligation[],
  error: unknown,
): unknown {
  if (obligations.length === 0 && state.tool.secrets.length === 0) return error;
  if (!(error instanceof Error)) return treat(state, obligations, error);
  const message = treat(state, obligations, error.message);
  if (message === error.message && !hidesMore(state, obligations, error)) return error;
  // Neither stack nor cause nor other fields of the original may travel on.
  const treated = new Error(String(message));
  treated.name = String(treat(state, obligations, error.name));
  // What it says of its effect on the limits is no secret.
  if (Object.hasOwn(error, 'noEffect'))
    Object.assign(treated, { noEffect: Reflect.get(error, 'noEffect') === true });
  return treated;
}

/** Whether something besides the message has to be hidden: in the stack, the cause, or another field. */
function hidesMore(state: CallState, all: readonly Obligation[], error: Error): boolean {
  const obligations = all.filter(({ type }) => type === 'redact');
  if (obligations.length === 0 && state.tool.secrets.length === 0) return false;
  try {
    const fields = fieldsOf(error, 0);
    return canonical(treat(state, obligations, fields)) !== canonical(fields);
  } catch {
    // What cannot be looked into may hold anything.
    return true;
  }
}

const MOST_CAUSES = 20;

/** Errors as plain data, their causes too. */
function fieldsOf(value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return value.map((item) => fieldsOf(item, depth));
  if (!(value instanceof Error)) return value;
  if (depth > MOST_CAUSES) throw new TypeError('its causes have no end');
  const names = Object.getOwnPropertyNames(value) as ReadonlyArray<keyof Error>;
  return Object.fromEntries(names.map((name) => [name, fieldsOf(value[name], depth + 1)]));
}
