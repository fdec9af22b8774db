import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type * as z from 'zod';

import { tools as schemas } from './schemas.ts';

/** The name of the one secret: tools get its value, arguments and logs never do. */
export const SHOP_KEY = 'SHOP_API_KEY';

/** The secrets that each tool gets. */
export const toolSecrets = { getOrder: [SHOP_KEY], refund: [SHOP_KEY] } as const;

/** What a tool is, whichever framework calls it. None checks anything: that is the guard's part. */
export interface DemoTool<Args> {
  readonly name: string;
  readonly description: string;
  readonly schema: z.ZodType<Args>;
  readonly run: (args: Args, given: Given) => Promise<unknown>;
}

/** The last argument of every tool's body: the framework's own, and what the guard adds to it. */
export type Given = object;

export type DemoTools = ReturnType<typeof demoTools>;

export function demoTools(folder: string, shop: string) {
  return {
    readFile: demoTool({
      name: 'readFile',
      description: 'Reads a text file of the ticket folder.',
      schema: schemas.readFile,
      run: ({ path }) => readFile(resolve(folder, path), 'utf8'),
    }),
    getOrder: demoTool({
      name: 'getOrder',
      description: 'Looks up an order in the shop.',
      schema: schemas.getOrder,
      run: ({ order }, given) => fetchJson(`${shop}/orders/${encodeURIComponent(order)}`, given),
    }),
    runCode: demoTool({
      name: 'runCode',
      description: 'Runs JavaScript; answers the value of its last expression.',
      schema: schemas.runCode,
      // The sandbox runs the code elsewhere, and this never.
      run: () => Promise.reject(new Error('there is no sandbox for code')),
    }),
    refund: demoTool({
      name: 'refund',
      description: 'Pays money back to the customer of an order.',
      schema: schemas.refund,
      run: (refund, given) =>
        fetchJson(`${shop}/refunds`, given, { method: 'POST', body: JSON.stringify(refund) }),
    }),
    writeFile: demoTool({
      name: 'writeFile',
      description: 'Writes a text file of the ticket folder.',
      schema: schemas.writeFile,
      run: async ({ path, text }) => {
        await writeFile(resolve(folder, path), text);
        return `wrote ${text.length} characters`;
      },
    }),
  };
}

/** Infers the arguments. */
function demoTool<Args>(tool: DemoTool<Args>): DemoTool<Args> {
  return tool;
}

async function fetchJson(url: string, given: Given, init: RequestInit = {}): Promise<unknown> {
  // The guard adds what `toolSecrets` names, of which no framework's type knows.
  const { secrets } = given as { readonly secrets: Readonly<Record<string, string>> };
  const response = await fetch(url, { ...init, headers: { 'x-api-key': secrets[SHOP_KEY] ?? '' } });
  if (!response.ok) throw new Error(`the shop answered ${response.status}`);
  return response.json();
}
