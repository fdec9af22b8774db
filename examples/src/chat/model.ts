import type { LanguageModel } from 'ai';

import { answeringModel, type Turn } from '../support/scripted-model.ts';

/**
 * Without a key a script plays the model. For a real one set `AI_GATEWAY_API_KEY`, or return what
 * your provider's package makes: `return openai('gpt-5-mini')`.
 */
export function chatModel(): LanguageModel {
  if (process.env['AI_GATEWAY_API_KEY'] !== undefined) return 'openai/gpt-5-mini';
  return answeringModel(({ question, results }) => {
    const [result] = results;
    if (result === undefined) return firstTurn(question);
    return result.ok ? `Done: ${result.text}.` : `That was not done: ${result.text}.`;
  });
}

/** "Refund 20 for order 4711: arrived broken" pays back; any other order number is looked up. */
function firstTurn(question: string): Turn {
  const order = /order (\w+)/.exec(question)?.[1];
  if (order === undefined) return 'Which order is it about? Say for example: where is order 4711?';
  if (!/refund/i.test(question)) return { tool: 'orderStatus', args: { order } };
  const amount = Number(/[\d.]+/.exec(question.replace(/order \w+/, ''))?.[0] ?? 49.9);
  const note = /: (.+)$/su.exec(question)?.[1] ?? 'asked for by the customer';
  return { tool: 'refund', args: { order, amount, note } };
}
