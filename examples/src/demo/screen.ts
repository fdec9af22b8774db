import { styleText } from 'node:util';
import { visible } from '@guardstile/core';

/** Widest line of the demo; a narrower terminal gets narrower ones, down to what a table needs. */
const WIDEST = 100;
const NARROWEST = 72;

/** Prints lines and remembers them, so that the demo can show what was never on the screen. */
export interface Screen {
  /** Letters in a line. */
  readonly width: number;
  line(text?: string): void;
  title(text: string): void;
  /** The head line of a numbered call. */
  call(number: number, text: string): void;
  /** `label` in its column, `text` beside it, on as many lines as that takes. */
  entry(label: string, text: string): void;
  /** Everything that was printed. */
  shown(): string;
}

export function createScreen(write: (line: string) => void = console.log): Screen {
  const lines: string[] = [];
  const columns = process.stdout.isTTY ? process.stdout.columns : WIDEST;
  const screenWidth = Math.max(NARROWEST, Math.min(WIDEST, columns));

  function line(text = ''): void {
    lines.push(text);
    write(text);
  }

  function hanging(head: string, width: number, text: string): void {
    const [first = '', ...rest] = wrapped(text, screenWidth - width);
    line(`${head}${first}`);
    for (const more of rest) line(`${' '.repeat(width)}${more}`);
  }

  return {
    width: screenWidth,
    line,
    title: (text) => line(`\n${styleText('bold', text)}`),
    call: (number, text) => hanging(styleText('bold', String(number).padEnd(3)), 3, text),
    entry: (label, text) => hanging(`   ${paint(label.padEnd(9))}`, 12, text),
    shown: () => lines.join('\n'),
  };
}

const COLOURS = {
  allow: 'green',
  approve: 'green',
  ok: 'green',
  verified: 'green',
  ask: 'yellow',
  deny: 'red',
  tampered: 'red',
} as const;

/** Colours a word of the guard; without a terminal, and with NO_COLOR, it stays plain. */
export function paint(text: string): string {
  const word = text.trim();
  if (!Object.hasOwn(COLOURS, word)) return text;
  return styleText(COLOURS[word as keyof typeof COLOURS], text); // a key, see above
}

/** Lines of at most `width` characters, with everything invisible shown as an escape. */
export function wrapped(text: string, width: number): readonly string[] {
  return visible(text, { keepNewlines: true })
    .split('\n')
    .flatMap((paragraph) => broken(paragraph, width));
}

function broken(paragraph: string, width: number): readonly string[] {
  const lines: string[] = [];
  let rest = paragraph;
  while (rest.length > width) {
    // Behind a word or a comma; where there is neither, wherever the line ends.
    const last = Math.max(rest.lastIndexOf(' ', width), rest.lastIndexOf(',', width - 1) + 1);
    const end = last > 0 ? last : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(rest[end] === ' ' ? end + 1 : end);
  }
  return [...lines, rest];
}
