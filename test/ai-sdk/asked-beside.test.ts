import { providerToolMiddleware } from '@guardstile/ai-sdk';
import { generateText, isStepCount, streamText, wrapLanguageModel } from 'ai';
import { expect, it } from 'vitest';

import { scriptedModel } from '../conformance/ai-sdk/scripted-model.ts';
import { bank, MALLORY, PAGE, paying, reading } from './bank.ts';

// One wrapped model often serves everything: what code asks it to sum up, nobody has typed.

it.each(['generateText', 'streamText'] as const)(
  'a page that code asks the model to sum up, between two steps, is no word of the user: %s',
  async (way) => {
    const { paid, guard, tools } = bank('deny');
    const middleware = providerToolMiddleware(guard);
    const summary = wrapLanguageModel({ model: scriptedModel([]), middleware });
    const model = wrapLanguageModel({
      model: scriptedModel([[reading('page')], [paying(MALLORY)]]),
      middleware,
    });
    let asked = 0;
    await generateText({
      model,
      tools,
      prompt: 'What is new?',
      stopWhen: isStepCount(3),
      async prepareStep({ stepNumber }) {
        if (stepNumber !== 1) return {};
        const settings = { model: summary, prompt: `Sum this up: ${PAGE}` };
        const { text } =
          way === 'generateText' ? await generateText(settings) : streamText(settings);
        asked += (await text).length;
        return {};
      },
    });
    expect(asked).toBeGreaterThan(0);
    expect(paid).toEqual([]);
  },
);
