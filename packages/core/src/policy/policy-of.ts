import { GuardError } from '../errors.ts';
import { functionPolicy } from './function-policy.ts';
import type { Policy } from './policy.ts';

/**
 * What a caller gave as a policy, as a {@link Policy}.
 *
 * @throws {GuardError} `policy_missing` or `policy_invalid`.
 */
export function policyOf(input: unknown, layer: Policy['layer'] = 'grants'): Policy {
  if (input === undefined || input === null) {
    throw new GuardError(
      'policy_missing',
      'a guard needs a policy; pass standardPolicy(), rules of your own, or allowAll() to allow everything',
    );
  }
  if (typeof input === 'function')
    return functionPolicy(input as Parameters<typeof functionPolicy>[0], layer);
  if (!isPolicy(input)) {
    throw new GuardError(
      'policy_invalid',
      'this is not a policy: it needs name, layer, digest() and resolve(); use standardPolicy(), toolPolicy(), layers(), perUser() or a function of the call',
    );
  }
  return layer === 'restricts' && input.layer === 'grants' ? restricting(input) : input;
}

function isPolicy(value: unknown): value is Policy {
  if (typeof value !== 'object' || value === null) return false;
  const policy = value as Partial<Record<keyof Policy, unknown>>;
  return (
    Object.hasOwn(value, 'layer') &&
    (policy.layer === 'grants' || policy.layer === 'restricts') &&
    Object.hasOwn(value, 'resolve') &&
    typeof policy.resolve === 'function' &&
    Object.hasOwn(value, 'digest') &&
    typeof policy.digest === 'function' &&
    typeof policy.name === 'string'
  );
}

/** A granting policy in a restricting place: what it allows is no opinion, the rest still counts. */
function restricting(policy: Policy): Policy {
  return { ...policy, layer: 'restricts' };
}
