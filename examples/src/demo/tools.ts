import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { tool } from 'ai';
import * as z from 'zod';

/** The name of the one secret: tools get its value, arguments and logs never do. */
export const SHOP_KEY = 'SHOP_API_KEY';

/** Ordinary AI SDK tools. None of them checks anything: that is the guard's part. */
export function demoTools(folder: string, shop: string) {
  return {
    readFile: tool({
      description: 'Reads a text file of the ticket folder.',
      inputSchema: z.object({ path: z.string() }),
      execute: ({ path }) => readFile(resolve(folder, path), 'utf8'),
    }),
    getOrder: tool({
      description: 'Looks up an order in the shop.',
      inputSchema: z.object({ order: z.string() }),
      execute: ({ order }, options) =>
        fetchJson(`${shop}/orders/${encodeURIComponent(order)}`, options),
    }),
    refund: tool({
      description: 'Pays money back to the customer of an order.',
      inputSchema: z.object({ order: z.string(), amount: z.number().positive() }),
      execute: (refund, options) =>
        fetchJson(`${shop}/refunds`, options, { method: 'POST', body: JSON.stringify(refund) }),
    }),
    writeFile: tool({
      description: 'Writes a text file of the ticket folder.',
      inputSchema: z.object({ path: z.string(), text: z.string() }),
      execute: async ({ path, text }) => {
        await writeFile(resolve(folder, path), text);
        return `wrote ${text.length} characters`;
      },
    }),
  };
}

async function fetchJson(url: string, options: object, init: RequestInit = {}): Promise<unknown> {
  // The guard adds what `toolSecrets` names, of which the SDK's type knows nothing.
  const { secrets } = options as { readonly secrets: Readonly<Record<string, string>> };
  const response = await fetch(url, { ...init, headers: { 'x-api-key': secrets[SHOP_KEY] ?? '' } });
  if (!response.ok) throw new Error(`the shop answered ${response.status}`);
  return response.json();
}
