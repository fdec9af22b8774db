import { GuardError, isGuardError } from '../errors.ts';
import { messageOf } from '../message-of.ts';
import type { Steps } from '../steps.ts';
import type { CallState } from './call-state.ts';

type SecretValues = Readonly<Record<string, string>>;

const NONE: SecretValues = Object.freeze({});

/**
 * Step 8: the secrets that the tool declared. From here on their values are hidden everywhere.
 *
 * @throws {GuardError} `secret_missing`.
 */
export function* resolveSecrets(state: CallState): Steps<SecretValues> {
  const { secrets: names } = state.tool;
  if (names.length === 0) return NONE;
  const values = Object.create(null) as Record<string, string>;
  for (const name of names) values[name] = yield* resolveSecret(state, name);
  return Object.freeze(values);
}

function* resolveSecret(state: CallState, name: string): Steps<string> {
  const { secrets, redactor, storeTimeoutMs } = state.parts;
  let value: unknown;
  try {
    const late = (): Error => new Error(`it took longer than ${storeTimeoutMs} ms`);
    value = yield* state.waiting.for(secrets.get(name, state.context), storeTimeoutMs, late);
  } catch (cause) {
    if (isGuardError(cause)) throw cause;
    throw new GuardError(
      'secret_missing',
      `its secret "${name}" could not be read from "${secrets.name}": ${messageOf(cause)}`,
      { cause },
    );
  }
  if (typeof value !== 'string') {
    throw new GuardError(
      'secret_missing',
      `its secret "${name}" is not set in "${secrets.name}"; set it`,
    );
  }
  redactor.issue(value);
  return value;
}
