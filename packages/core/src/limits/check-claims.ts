import { GuardError } from '../errors.ts';
import type { KeyedClaim } from './limits.ts';

/**
 * For stores of limits: only whole numbers add up exactly, a negative amount would give back, and
 * what is no number would make every later sum none, so that nothing would be refused any more.
 *
 * @throws {GuardError} `limits_error`.
 */
export function checkClaims(claims: readonly KeyedClaim[], leaseMs: number): void {
  if (!isTime(leaseMs) || leaseMs === 0) throw refused(`a lease of ${String(leaseMs)} ms`);
  for (const { key, amount, max, windowMs } of claims) {
    if (typeof key !== 'string') throw refused('a key that is no text');
    if (!Number.isSafeInteger(amount) || amount <= 0) {
      throw refused(`an amount of ${String(amount)} of ${key}`);
    }
    if (!Number.isSafeInteger(max) || max < 0) {
      throw refused(`a maximum of ${String(max)} of ${key}`);
    }
    if (!isTime(windowMs)) throw refused(`a window of ${String(windowMs)} ms of ${key}`);
  }
}

function isTime(ms: unknown): ms is number {
  return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0;
}

function refused(what: string): GuardError {
  return new GuardError(
    'limits_error',
    `${what} cannot be counted; limits count whole numbers above 0 (of the smallest unit, where it is money) within a time`,
  );
}
