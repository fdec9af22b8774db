import type { LanguageModel } from 'ai';

import { answeringModel } from '../support/scripted-model.ts';

/** Stands in for a model that reads amount and creditor out of "Pay 500 to DE1", and says what came of it. */
export function paymentModel(): LanguageModel {
  return answeringModel(({ question, results }) => {
    const [, amount, to] = /^Pay (\d+) to (\w+)$/.exec(question) ?? [];
    const result = results.at(-1);
    if (result !== undefined) return result.text;
    if (to === undefined) return question;
    return { tool: 'pay', args: { to, amount: Number(amount) } };
  });
}
