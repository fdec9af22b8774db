import { multiselect, S_BAR, S_BAR_END, S_BAR_START, select, text } from '@clack/prompts';

import type { Answer, Dialog, Option } from './dialog.ts';
import { pageText } from './page-text.ts';
import { prompt } from './prompt.ts';
import type { Terminal } from './terminal.ts';

/** Prompts that redraw themselves, with arrow keys. */
export function clackDialog(terminal: Terminal, signal: AbortSignal): Dialog {
  const { output } = terminal;
  return {
    show(title, page) {
      const frame = { start: S_BAR_START, bar: S_BAR, columns: output.columns };
      output.write(pageText(title, page, frame));
    },
    async choose(message, options, initialValue) {
      const answer = await prompt<string>(terminal, signal, (streams) =>
        select<string>({ ...streams, message, initialValue, options: [...options] }),
      );
      return mapped(answer, (value) => known(options, value) ?? initialValue);
    },
    async pick(message, options) {
      const initialValues = options.map(({ value }) => value);
      const answer = await prompt<string[]>(terminal, signal, (streams) =>
        multiselect<string>({
          ...streams,
          message,
          initialValues,
          required: true,
          options: [...options],
        }),
      );
      return mapped(answer, (values) =>
        values.map((value) => known(options, value)).filter((value) => value !== undefined),
      );
    },
    text: (message, initialValue) =>
      prompt<string>(terminal, signal, (streams) =>
        text({ ...streams, message, ...(initialValue === undefined ? {} : { initialValue }) }),
      ),
    end: (words) => {
      output.write(`${S_BAR_END}  ${words}\n`);
    },
  };
}

function known<T extends string>(options: ReadonlyArray<Option<T>>, value: string): T | undefined {
  return options.find((option) => option.value === value)?.value;
}

function mapped<T, U>(answer: Answer<T>, map: (value: T) => U): Answer<U> {
  return answer.kind === 'answered' ? { kind: 'answered', value: map(answer.value) } : answer;
}
