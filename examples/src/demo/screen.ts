import { styleText } from 'node:util';
import { visible } from '@guardstile/core';

/** Widest line of the demo. */
const WIDTH = 100;

/** Prints lines and remembers them, so that the demo can show what was never on the screen. */
export interface Screen {
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

  function line(text = ''): void {
    lines.push(text);
    write(text);
  }

  function hanging(head: string, width: number, text: string): void {
    const [first = '', ...rest] = wrapped(text, WIDTH - width);
    line(`${head}${first}`);
    for (const more of rest) line(`${' '.repeat(width)}${more}`);
  }

  return {
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
    const space = rest.lastIndexOf(' ', width);
    const end = space > 0 ? space : width;
    lines.push(rest.slice(0, end));
    rest = rest.slice(space > 0 ? end + 1 : end);
  }
  return [...lines, rest];
}
