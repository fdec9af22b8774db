import { createInterface } from 'node:readline';

import type { Io } from '../io.ts';

/** Asks for a line of text. An interrupt, or the end of the input, is no answer. */
export function askAtTerminal(signal: AbortSignal): NonNullable<Io['ask']> {
  return (question) =>
    new Promise((resolve) => {
      const reader = createInterface({ input: process.stdin, output: process.stdout });
      const leave = (): void => {
        reader.close();
        resolve(undefined);
      };
      signal.addEventListener('abort', leave, { once: true });
      reader.once('SIGINT', leave);
      reader.once('close', leave);
      reader.question(question, (answer) => {
        resolve(answer);
        signal.removeEventListener('abort', leave);
        reader.close();
      });
    });
}
