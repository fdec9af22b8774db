import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { allowAll, createGuard, layers } from '@guardstile/core';
import { createDataFlow, flowPolicy } from '@guardstile/data-flow';
import * as z from 'zod';
import { dataDirectory } from '../data.ts';
import type { Share } from '../metrics.ts';

// How often `from: [prompt]` is wrong about a user who has said everything: BFCL's single calls, whose
// arguments all follow from their prompts. Nobody attacks here.

const schema = z.object({
  singleTurn: z.array(
    z.object({
      prompt: z.string(),
      calls: z.array(z.object({ tool: z.string(), args: z.record(z.string(), z.unknown()) })),
    }),
  ),
});

/** Of how many texts and numbers the prompt does not vouch. */
export interface TypedValues {
  readonly texts: Share;
  /** Texts of at least five letters or digits. */
  readonly longTexts: Share;
  readonly numbers: Share;
}

/** `undefined` where the calls are not there. */
export async function typedValues(): Promise<TypedValues | undefined> {
  const file = join(dataDirectory, 'bfcl.json.gz');
  if (!existsSync(file)) return undefined;
  const { singleTurn } = schema.parse(JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')));
  const asked: { readonly value: unknown; readonly asks: boolean }[] = [];
  for (const { prompt, calls } of singleTurn) {
    for (const { tool, args } of calls) {
      for (const [name, value] of Object.entries(args)) {
        if (typeof value !== 'string' && typeof value !== 'number') continue;
        asked.push({ value, asks: await asks(prompt, tool, name, value) });
      }
    }
  }
  const share = (of: typeof asked): Share => ({
    count: of.filter((one) => one.asks).length,
    of: of.length,
  });
  const texts = asked.filter(({ value }) => typeof value === 'string');
  return {
    texts: share(texts),
    longTexts: share(texts.filter(({ value }) => isLong(String(value)))),
    numbers: share(asked.filter(({ value }) => typeof value === 'number')),
  };
}

async function asks(prompt: string, tool: string, name: string, value: unknown): Promise<boolean> {
  const guard = createGuard({
    policy: layers([
      { name: 'all', grants: allowAll() },
      { name: 'flow', restricts: flowPolicy({ tools: { [tool]: { args: { value: FROM } } } }) },
    ]),
    dataFlow: createDataFlow(),
    audit: false,
    context: { principal: { id: 'user' }, session: name },
  });
  await guard.heard([{ role: 'user', text: prompt }]);
  const { effect } = await guard.decide({ tool, args: { value } });
  return effect !== 'allow';
}

const FROM = { from: ['prompt'] } as const;

function isLong(text: string): boolean {
  return text.replace(/[^\p{L}\p{N}]/gu, '').length >= 5;
}

export function describeTypedValues({ texts, longTexts, numbers }: TypedValues): string {
  const say = ({ count, of }: Share): string =>
    `${count} of ${of} (${Math.round((100 * count) / of)} %)`;
  return `For information: where a user has said everything (single calls of BFCL), from: [prompt] asks about
${say(texts)} texts, ${say(longTexts)} of those with five letters or more, and ${say(numbers)} numbers.`;
}
