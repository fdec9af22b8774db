import type { FrameworkName } from './frameworks.ts';

/** What the command line says. */
export interface DemoOptions {
  readonly help: boolean;
  readonly framework: FrameworkName;
  /** The answer to every ask; absent: whoever sits at the terminal answers. */
  readonly answer: 'approve' | 'deny' | undefined;
}

export const HELP = `npm run demo [-- [ai-sdk | langchain] [--approve | --deny]]

An agent handles a support ticket with tools for files, HTTP and refunds, behind a guard.

  ai-sdk      an agent of the Vercel AI SDK, which is the default
  langchain   the same with an agent of LangChain.js
  --approve   answer every ask with yes
  --deny      answer every ask with no
  --help      show this

Without either, the terminal asks you; without a terminal, every ask is denied.
Set OPENAI_API_KEY, ANTHROPIC_API_KEY or (AI SDK only) AI_GATEWAY_API_KEY to use a real model.`;

const ANSWERS: Readonly<Record<string, 'approve' | 'deny'>> = {
  '--approve': 'approve',
  '--deny': 'deny',
};

const FRAMEWORKS: Readonly<Record<string, FrameworkName>> = {
  'ai-sdk': 'ai-sdk',
  langchain: 'langchain',
};

/**
 * @throws {RangeError} for anything that is not understood.
 */
export function readOptions(args: readonly string[]): DemoOptions {
  const unknown = args.find(
    (arg) => arg !== '--help' && !Object.hasOwn(ANSWERS, arg) && !Object.hasOwn(FRAMEWORKS, arg),
  );
  if (unknown !== undefined) throw new RangeError(`"${unknown}" is not an option`);
  return {
    help: args.includes('--help'),
    framework: onlyOne(args, FRAMEWORKS) ?? 'ai-sdk',
    answer: onlyOne(args, ANSWERS),
  };
}

function onlyOne<T>(args: readonly string[], choices: Readonly<Record<string, T>>): T | undefined {
  const [first, second] = new Set(args.filter((arg) => Object.hasOwn(choices, arg)));
  if (second !== undefined) throw new RangeError(`${first} and ${second} exclude each other`);
  return first === undefined ? undefined : choices[first];
}
