import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyFunction, Principal } from '@guardstile/core';
import * as z from 'zod';

/** What the tool takes. */
export const Payment = z.object({ to: z.string(), amount: z.number().positive() });

/** Nobody approves a payment of their own: somebody of finance does, and may change the amount. */
export const policy: PolicyFunction = ({ tool }) =>
  tool.name !== 'pay'
    ? 'deny'
    : {
        effect: 'ask',
        rule: 'payments',
        reason: 'finance looks at every payment',
        requirements: {
          votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 1 }],
          editable: ['amount'],
        },
      };

/** Where the money goes: one line for each time that this ran, in whatever process. */
export function pay(folder: string, payment: z.infer<typeof Payment>): string {
  appendFileSync(join(folder, 'payments.jsonl'), `${JSON.stringify(payment)}\n`);
  return `paid ${payment.amount} to ${payment.to}`;
}

/** How a request is authenticated is up to the application; here it just says who sent it. */
export function personOf(request: Request): Principal {
  return { id: request.headers.get('x-demo-user') ?? 'nobody', tenant: 'acme' };
}
