import { memoryApprovals } from '@guardstile/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { approvalFor } from '../../test/approval-for.ts';
import { payloads } from '../../test/payloads.ts';
import { slackText } from './slack-text.ts';

/** Everything that a program might obey, or draw in a way that hides something. */
const OBEYED = /[\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u;

interface Block {
  readonly text: { readonly text: string };
}

async function textsOf(hostile: string): Promise<readonly string[]> {
  const args = { hostile, [hostile]: [hostile] };
  const more = { reason: hostile, rule: hostile, labels: [hostile] };
  const approval = await approvalFor(memoryApprovals(), args, more);
  const blocks = slackText(approval).blocks as readonly unknown[] as readonly Block[]; // written just now
  return blocks.map(({ text }) => text.text);
}

function expectHarmless(texts: readonly string[]): void {
  for (const text of texts) {
    expect(text).not.toMatch(OBEYED);
    const inside = /^```\n([^]*)```$/.exec(text)?.[1];
    expect(inside).not.toMatch(/[`<>]/);
    expect(inside?.replaceAll(/&(?:amp|lt|gt);/g, '')).not.toContain('&');
    expect(text.length).toBeLessThanOrEqual(3000);
  }
}

describe('slackText', () => {
  it('is code that nothing in a call can end, and holds nothing that is obeyed', async () => {
    const part = fc.oneof(
      fc.constantFrom(
        '```',
        '`',
        '<!channel>',
        '<@U1>',
        '&lt;',
        '|',
        '\n',
        '\u{202e}',
        '\u{1b}[2J',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    const texts = fc.array(part, { maxLength: 300 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(texts, async (text) => expectHarmless(await textsOf(text))),
      { numRuns: 200 },
    );
  });

  describe.each(['controlChars', 'naughtyStrings'])('with the payloads "%s"', (category) => {
    const texts = payloads(category);
    if (texts === undefined) console.warn(`SKIPPED: "${category}", ../shared/data is not there.`);

    it.runIf(texts !== undefined)('holds every one of them harmlessly', async () => {
      for (const text of texts ?? []) expectHarmless(await textsOf(text));
    });
  });
});
