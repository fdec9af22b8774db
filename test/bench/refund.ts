import {
  type CallContext,
  createGuard,
  type Guard,
  type GuardOptions,
  type Hooks,
  type PolicyFunction,
} from '@guardstile/core';

// The call that every row makes. What is measured is what stands around the tool, so it does nothing.

export interface Refund {
  readonly orderId: string;
  readonly amount: number;
  readonly currency: string;
  readonly note: string;
  readonly items: readonly string[];
}

/** Five fields, one of them a list: 181 characters of JSON. */
export const refundArgs: Refund = {
  orderId: 'o-2026-11-000451',
  amount: 49.9,
  currency: 'EUR',
  note: 'The second parcel never arrived, and the customer wants the money back.',
  items: ['LAMP-04', 'BULB-11'],
};

/** The same with three objects inside: 244 characters of JSON. */
export const nestedRefundArgs = {
  ...refundArgs,
  customer: { id: 'c-10442', email: 'alice@example.com' },
  items: [
    { sku: 'LAMP-04', quantity: 1 },
    { sku: 'BULB-11', quantity: 2 },
  ],
};

const refunded = Object.freeze({ refunded: true });

export async function refund(_args: object): Promise<{ readonly refunded: boolean }> {
  return refunded;
}

/** Which of three conditions a refund fails. */
export function failedCondition({ amount, currency, orderId }: Refund): string | undefined {
  if (amount > 500) return 'it is too large';
  if (currency !== 'EUR') return 'it is not in euros';
  return orderId.startsWith('o-') ? undefined : 'it belongs to no order';
}

/** All three conditions apply to every call, and the call passes them. */
export const threeConditions: PolicyFunction = ({ args }) => {
  const failed = failedCondition(args as Refund); // there is no other tool
  return failed === undefined
    ? { effect: 'allow', reason: 'a small refund in euros', rule: 'refund.small' }
    : { effect: 'deny', reason: failed, rule: 'refund.limits' };
};

export async function firstHook(): Promise<void> {}

export async function secondHook(): Promise<void> {}

const hooks: readonly Hooks[] = [
  { name: 'first', timeoutMs: 1000, preTool: firstHook },
  { name: 'second', timeoutMs: 2000, preTool: secondHook },
];

const context: CallContext = {
  principal: { id: 'u-17', tenant: 'acme', roles: ['support'] },
  session: 's-4711',
  agent: 'support-bot',
};

export interface Heard {
  count: number;
  last: unknown;
}

/**
 * A guard with everything that the first row names: the policy, two asynchronous hooks with
 * time limits, and two listeners, one of which gets the redacted arguments, one the redacted result.
 */
export function wholeGuard(
  options: Pick<GuardOptions, 'audit' | 'approver'>,
  heard: Heard = { count: 0, last: undefined },
): Guard {
  const guard = createGuard({ policy: threeConditions, hooks, context, ...options });
  const listen = (event: unknown): void => {
    heard.count += 1;
    heard.last = event;
  };
  guard.on('decision', listen);
  guard.on('end', listen);
  return guard;
}
