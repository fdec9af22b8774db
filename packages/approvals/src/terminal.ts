import type { Readable, Writable } from 'node:stream';

/** Where keys come from, such as `process.stdin`. */
export type TerminalInput = Readable & { readonly isTTY?: boolean };

/** Where prompts are shown, such as `process.stderr`. */
export type TerminalOutput = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** A place where a person can be asked. */
export interface Terminal {
  readonly input: TerminalInput;
  readonly output: TerminalOutput;
}

/** Whether a person can read and answer there. */
export function isTerminal({ input, output }: Terminal): boolean {
  return input.isTTY === true && output.isTTY === true;
}

/** Whether the terminal can only write line after line. */
export function isDumb(): boolean {
  return process.env['TERM'] === 'dumb';
}
