import type { AllowDecision, Decision } from '../decision.ts';
import { GuardError } from '../errors.ts';

/**
 * Whether a decision lets code run that the guard does not start itself.
 *
 * @throws {GuardError} where somebody would have to be asked, or a part of the guard would be needed
 * that only a call passes through.
 */
export function requireBareAllow(decision: Decision): asserts decision is AllowDecision {
  if (decision.effect === 'ask') {
    throw new GuardError(
      'approval_required',
      `a person has to approve it (${decision.reason}); use call(), which asks`,
    );
  }
  const [obligation] = decision.obligations;
  if (obligation !== undefined) {
    throw new GuardError(
      'obligation_unknown',
      `its result has to be given the "${obligation.type}" treatment, which enforce() never sees; use call()`,
    );
  }
  const running = decision.limits.find(({ windowMs }) => windowMs === 'running');
  if (running !== undefined) {
    throw new GuardError(
      'limits_error',
      `the limit "${running.id}" counts calls while they run, which enforce() never sees; use call()`,
    );
  }
  if (Object.hasOwn(decision.conditions, 'sandbox')) {
    throw new GuardError(
      'sandbox_unavailable',
      'the policy requires a sandbox, and enforce() runs nothing in one; use call()',
    );
  }
}
