import { createInterface } from 'node:readline';

import type { Answer, Dialog, Option } from './dialog.ts';
import { pageText } from './page-text.ts';
import type { Terminal } from './terminal.ts';

/** Lines in and lines out, for terminals that cannot move their cursor. Ctrl+C is left to the process. */
export function plainDialog(terminal: Terminal, signal: AbortSignal): Dialog {
  const { output } = terminal;

  async function line(message: string): Promise<Answer<string>> {
    signal.throwIfAborted();
    const { input } = terminal;
    if (input.readableEnded || input.destroyed) return { kind: 'closed' };
    // Its own for each question: what was typed ahead must not answer the next one.
    const reader = createInterface({ input, output, terminal: false });
    let stop = (): void => {};
    try {
      return await new Promise((resolve, reject) => {
        const abort = (): void => {
          const reason: unknown = signal.reason;
          reject(reason);
        };
        signal.addEventListener('abort', abort, { once: true });
        stop = () => signal.removeEventListener('abort', abort);
        reader.once('close', () => resolve({ kind: 'closed' }));
        reader.question(message, (value) => resolve({ kind: 'answered', value }));
      });
    } finally {
      stop();
      reader.close();
    }
  }

  /** Asks until what is typed is understood. */
  async function until<T>(
    message: string,
    read: (typed: string) => T | undefined,
  ): Promise<Answer<T>> {
    for (;;) {
      const answer = await line(message);
      if (answer.kind !== 'answered') return answer;
      const value = read(answer.value.trim());
      if (value !== undefined) return { kind: 'answered', value };
      output.write('That is none of them.\n');
    }
  }

  function list(message: string, options: ReadonlyArray<Option<string>>): void {
    output.write(`\n${message}\n`);
    for (const [index, { label }] of options.entries()) output.write(`  ${index + 1}) ${label}\n`);
  }

  return {
    show: (title, page) =>
      output.write(pageText(title, page, { start: '+', bar: '|', columns: output.columns })),
    choose(message, options, initial) {
      list(message, options);
      const usual = options.findIndex(({ value }) => value === initial) + 1;
      return until(`Number, or Enter for ${usual}: `, (typed) =>
        typed === '' ? initial : valueAt(options, typed),
      );
    },
    pick(message, options) {
      list(message, options);
      return until('Numbers, such as 1,3, or Enter for all: ', (typed) => {
        const chosen = (
          typed === '' ? [...options.keys()].map((at) => `${at + 1}`) : typed.split(',')
        ).map((number) => valueAt(options, number.trim()));
        const known = chosen.filter((value) => value !== undefined);
        return known.length === chosen.length ? [...new Set(known)] : undefined;
      });
    },
    async text(message, initial) {
      const usual = initial === undefined ? '' : ` (Enter for ${initial})`;
      const answer = await line(`\n${message}${usual}\n> `);
      if (answer.kind !== 'answered' || answer.value !== '') return answer;
      return { kind: 'answered', value: initial ?? '' };
    },
    end: (words) => output.write(`+ ${words}\n`),
  };
}

function valueAt<T extends string>(
  options: ReadonlyArray<Option<T>>,
  number: string,
): T | undefined {
  return /^\d{1,4}$/.test(number) ? options[Number(number) - 1]?.value : undefined;
}
