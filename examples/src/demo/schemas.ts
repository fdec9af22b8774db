import * as z from 'zod';

/** What the tools take. `guardstile policy check --tools` reads this file too. */
export const tools = {
  readFile: z.object({ path: z.string() }),
  getOrder: z.object({ order: z.string() }),
  runCode: z.object({ code: z.string() }),
  refund: z.object({ order: z.string(), amount: z.number().positive() }),
  writeFile: z.object({ path: z.string(), text: z.string() }),
};
