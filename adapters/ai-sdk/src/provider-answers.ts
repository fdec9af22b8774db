import { fieldOf } from './field-of.ts';

/** An answer in the prompt to an approval that a provider asked for. */
export interface ProviderAnswer {
  readonly approvalId: unknown;
  readonly approved: boolean;
}

/** What the last message answers to approvals of the provider: the SDK forwards it unchecked. */
export function answersIn(params: object): readonly ProviderAnswer[] {
  return partsOf(lastOf(fieldOf(params, 'prompt')))
    .filter(isAnswer)
    .map((part) => ({
      approvalId: fieldOf(part, 'approvalId'),
      approved: fieldOf(part, 'approved') === true,
    }));
}

/** The same parameters with every such answer turned into a denial. */
export function denyAnswers<P extends object>(params: P): P {
  const prompt = fieldOf(params, 'prompt');
  if (!Array.isArray(prompt) || !answersIn(params).some(({ approved }) => approved)) return params;
  const last = lastOf(prompt);
  const content = partsOf(last).map((part) =>
    isAnswer(part) ? { ...(part as object), approved: false } : part,
  );
  const messages: readonly unknown[] = prompt;
  return { ...params, prompt: [...messages.slice(0, -1), { ...(last as object), content }] };
}

function lastOf(prompt: unknown): unknown {
  return Array.isArray(prompt) ? (prompt as readonly unknown[]).at(-1) : undefined;
}

function partsOf(message: unknown): readonly unknown[] {
  const content = fieldOf(message, 'content');
  return Array.isArray(content) ? (content as readonly unknown[]) : [];
}

function isAnswer(part: unknown): boolean {
  return fieldOf(part, 'type') === 'tool-approval-response';
}
