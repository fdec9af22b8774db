import type { Decision } from './decision.ts';
import type { Digest } from './digest.ts';
import { readAnswer } from './policy/answer.ts';
import type { Opinion } from './policy/policy.ts';

/**
 * What a policy answered, as a decision that can be relied upon. A policy object can be anybody's:
 * whatever is not wholly understood is read like the answer of a function, so that it denies.
 */
export function readOpinion(opinion: unknown, policy: string, digest: Digest): Opinion {
  if (opinion === undefined || isPlain(opinion)) return opinion;
  return readAnswer(opinion, { name: `the policy "${policy}"`, policy: digest, optional: true });
}

/** A denial, or an allow that demands nothing: there is nothing in them that could be nonsense. */
function isPlain(value: unknown): value is Decision {
  if (typeof value !== 'object' || value === null || !Object.isFrozen(value)) return false;
  if (!has(value, 'effect') || !has(value, 'reason') || !has(value, 'policy')) return false;
  const { effect, reason, policy } = value as Partial<Decision>;
  if (typeof reason !== 'string' || typeof policy !== 'string') return false;
  if (effect === 'deny') return has(value, 'code');
  return effect === 'allow' && demandsNothing(value);
}

function demandsNothing(value: object): boolean {
  if (!has(value, 'obligations') || !has(value, 'limits') || !has(value, 'conditions'))
    return false;
  const { obligations, limits, conditions } = value as Readonly<Record<string, unknown>>;
  return (
    isEmpty(obligations) &&
    isEmpty(limits) &&
    typeof conditions === 'object' &&
    conditions !== null &&
    Object.keys(conditions).length === 0
  );
}

function isEmpty(list: unknown): boolean {
  return Array.isArray(list) && list.length === 0 && Object.isFrozen(list);
}

function has(value: object, key: string): boolean {
  return Object.hasOwn(value, key);
}
