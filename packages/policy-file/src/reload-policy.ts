import { GuardError, isGuardError, type PolicyChange } from '@guardstile/core';

import { checkChange, type Widening } from './check-change.ts';
import { policyDiff, type PolicyDifference } from './policy-diff.ts';
import {
  type PolicyVersion,
  readVersion,
  sameTexts,
  type VersionOptions,
} from './policy-version.ts';

/** What became of a reload. */
export type Reload =
  | { readonly outcome: 'unchanged' }
  | {
      readonly outcome: 'changed';
      readonly differences: readonly PolicyDifference[];
      readonly widens: boolean;
    }
  | { readonly outcome: 'refused'; readonly error: GuardError };

/** The version in use, and who has to know before it is replaced. */
export interface InUse {
  version: PolicyVersion;
  readonly listeners: Set<(change: PolicyChange) => unknown>;
}

export interface ReloadOptions extends VersionOptions {
  readonly widening?: Widening;
}

/** Puts the file as it is now in the place of the version in use; whatever fails leaves that there. */
export async function reloadPolicy(
  path: string,
  inUse: InUse,
  options: ReloadOptions,
): Promise<Reload> {
  try {
    return await swap(path, inUse, options);
  } catch (error) {
    return { outcome: 'refused', error: refusal(path, error) };
  }
}

async function swap(path: string, inUse: InUse, options: ReloadOptions): Promise<Reload> {
  const [from, to] = [inUse.version, await readVersion(path, options)];
  const differences = policyDiff(from.meaning, to.meaning);
  if (differences.length === 0 && sameTexts(from, to)) return { outcome: 'unchanged' };
  checkChange({ path, from, to, differences }, options.widening);
  const change: PolicyChange = {
    policy: to.policy.name,
    change: changeText(path, differences),
    from: from.policy.digest({}),
    to: to.policy.digest({}),
    needs: to.policy.needs ?? {},
  };
  // Guards write it down: what is not in the log does not take effect.
  await Promise.all(Array.from(inUse.listeners, async (listener) => listener(change)));
  inUse.version = to;
  return { outcome: 'changed', differences, widens: differences.some(({ widens }) => widens) };
}

function changeText(path: string, differences: readonly PolicyDifference[]): string {
  const lines = differences.map(({ text, widens }) => (widens ? `${text} (may widen)` : text));
  return `${path} reloaded: ${lines.length === 0 ? 'nothing that decides' : lines.join('; ')}`;
}

function refusal(path: string, error: unknown): GuardError {
  if (isGuardError(error) && error.code === 'policy_invalid') return error;
  const why = error instanceof Error ? error.message : String(error);
  return new GuardError(
    isGuardError(error) ? error.code : 'policy_error',
    `${path}: it was not reloaded: ${why}; the old policy stays`,
    { cause: error },
  );
}
