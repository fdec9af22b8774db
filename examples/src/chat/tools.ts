import { appendFileSync } from 'node:fs';
import { tool } from 'ai';
import * as z from 'zod';

/** Ordinary AI SDK tools of a shop. Nothing here knows of the guard. */
export function shopTools(ledger: string) {
  return {
    orderStatus: tool({
      description: 'Looks up an order.',
      inputSchema: z.object({ order: z.string() }),
      execute: ({ order }) => `order ${order} was delivered on Monday, 49.90 were paid`,
    }),
    refund: tool({
      description: 'Pays money back to the customer of an order.',
      inputSchema: z.object({
        order: z.string(),
        amount: z.number().positive(),
        note: z.string(),
      }),
      execute: ({ order, amount, note }) => {
        // Where the money goes: one line for each time that this body ran, in whatever process.
        appendFileSync(ledger, `${JSON.stringify({ order, amount, note })}\n`);
        return `refunded ${amount} for order ${order}`;
      },
    }),
  };
}
