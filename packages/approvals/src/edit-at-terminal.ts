import { visible } from '@guardstile/core';

import type { Answer, Dialog } from './dialog.ts';
import { labelOf } from './label-of.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Longest value that is put in front of the person to be changed, as JSON. */
const LONGEST_INITIAL = 500;

/** One field with another value, or what ended the question. */
export async function editAtTerminal(
  dialog: Dialog,
  editable: readonly string[],
  args: Fields,
  hidden: boolean,
): Promise<Answer<Fields>> {
  const options = editable.map((name) => ({ value: name, label: labelOf(name) }));
  const [first = ''] = editable;
  const chosen = await dialog.choose('Which field?', options, first);
  if (chosen.kind !== 'answered') return chosen;
  const name = chosen.value;
  const now = hidden ? undefined : typed(args[name]);
  const answer = await dialog.text(
    `${labelOf(name)}: its new value, as JSON (900, "text", true, ["a"]) or as plain text`,
    now,
  );
  if (answer.kind !== 'answered') return answer;
  return { kind: 'answered', value: { [name]: valueOf(answer.value) } };
}

/** What is JSON is taken for JSON, and anything else for a text. */
function valueOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

/** A value as JSON that a terminal draws as it stands. */
function typed(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = JSON.stringify(value);
  if (text.length > LONGEST_INITIAL) return undefined;
  return Array.from(text, (character) =>
    visible(character) === character ? character : escaped(character),
  ).join('');
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    const unit = character.charCodeAt(at).toString(16);
    return `\\u${unit.padStart(4, '0')}`;
  }).join('');
}
