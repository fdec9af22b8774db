import type { CallContext, Guard, GuardOptions, Hooks, PolicyFunction } from '@guardstile/core';
import { createGuard } from '@guardstile/core';

// The one call that every row makes: what is measured is the guard, so the tool does nothing.

export interface Refund {
  readonly orderId: string;
  readonly amount: number;
  readonly currency: string;
  readonly note: string;
  readonly customer: { readonly id: string; readonly email: string };
  readonly items: ReadonlyArray<{ readonly sku: string; readonly quantity: number }>;
}

/** About 250 characters of JSON. */
export const refundArgs: Refund = {
  orderId: 'o-2026-11-000451',
  amount: 49.9,
  currency: 'EUR',
  note: 'The second parcel never arrived, and the customer wants the money back.',
  customer: { id: 'c-10442', email: 'alice@example.com' },
  items: [
    { sku: 'LAMP-04', quantity: 1 },
    { sku: 'BULB-11', quantity: 2 },
  ],
};

const done = Object.freeze({ refunded: true });

export async function refund(_args: Refund): Promise<{ readonly refunded: boolean }> {
  return done;
}

/** Three conditions, all of which apply. */
export const threeConditions: PolicyFunction = (call) => {
  const { amount, currency, orderId } = call.args as Refund; // the only tool there is
  if (amount > 500) return { effect: 'ask', reason: 'the amount is large', rule: 'refund.large' };
  if (currency !== 'EUR') return { effect: 'deny', reason: 'only euros', rule: 'refund.currency' };
  if (!orderId.startsWith('o-')) return { effect: 'deny', reason: 'no order', rule: 'refund.order' };
  return { effect: 'allow', reason: 'a small refund in euros', rule: 'refund.small' };
};

export async function firstHook(): Promise<void> {}

export async function secondHook(): Promise<void> {}

const hooks: readonly Hooks[] = [
  { name: 'first', timeoutMs: 1000, preTool: firstHook },
  { name: 'second', timeoutMs: 2000, preTool: secondHook },
];

export const caller: CallContext = {
  principal: { id: 'u-17', tenant: 'acme', roles: ['support'] },
  session: 's-4711',
  agent: 'support-bot',
};

/** Everything the first row names: policy, two hooks with time limits, two listeners. */
export function wholePipeline(options: Omit<GuardOptions, 'policy' | 'hooks'>): Guard {
  const guard = createGuard({ policy: threeConditions, hooks, context: caller, ...options });
  guard.on('decision', listen);
  guard.on('end', listen);
  return guard;
}

let heard: unknown;

/** Keeps what it is told, so that nothing of the event can be left out. */
function listen(event: unknown): void {
  heard = event;
}

/** The last event; shows that the listeners were told. */
export function lastHeard(): unknown {
  return heard;
}
