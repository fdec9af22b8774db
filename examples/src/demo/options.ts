import type { FrameworkName } from './frameworks.ts';

/** What the command line says. */
export interface DemoOptions {
  readonly help: boolean;
  readonly framework: FrameworkName;
  /** The answer to every ask; absent: whoever sits at the terminal answers. */
  readonly answer: 'approve' | 'deny' | undefined;
  /** Where the log is kept; absent: in memory. */
  readonly audit: string | undefined;
}

export const HELP = `npm run demo [-- [ai-sdk | langchain] [--approve | --deny] [--audit PATH]]

An agent handles a support ticket with tools for files, HTTP and refunds, behind a guard.

  ai-sdk         an agent of the Vercel AI SDK, which is the default
  langchain      the same with an agent of LangChain.js
  --approve      answer every ask with yes
  --deny         answer every ask with no
  --audit PATH   keep the log in the directory PATH, which later runs go on with; its secret keys are
                 in PATH.secret, what a third party needs to verify it in PATH.public
  --help         show this

Without --approve and --deny, the terminal asks you; without a terminal, every ask is denied.
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
  const { audit, rest } = takeAudit(args);
  const unknown = rest.find(
    (arg) => arg !== '--help' && !Object.hasOwn(ANSWERS, arg) && !Object.hasOwn(FRAMEWORKS, arg),
  );
  if (unknown !== undefined) throw new RangeError(`"${unknown}" is not an option`);
  return {
    help: rest.includes('--help'),
    framework: onlyOne(rest, FRAMEWORKS) ?? 'ai-sdk',
    answer: onlyOne(rest, ANSWERS),
    audit,
  };
}

/** `--audit PATH`, and everything else. */
function takeAudit(args: readonly string[]): {
  readonly audit: string | undefined;
  readonly rest: readonly string[];
} {
  const at = args.indexOf('--audit');
  if (at < 0) return { audit: undefined, rest: args };
  const audit = args[at + 1];
  if (audit === undefined || audit === '' || audit.startsWith('--')) {
    throw new RangeError('--audit takes the path of a directory');
  }
  const rest = args.toSpliced(at, 2);
  if (rest.includes('--audit')) throw new RangeError('there is one log, so --audit comes once');
  return { audit, rest };
}

function onlyOne<T>(args: readonly string[], choices: Readonly<Record<string, T>>): T | undefined {
  const [first, second] = new Set(args.filter((arg) => Object.hasOwn(choices, arg)));
  if (second !== undefined) throw new RangeError(`${first} and ${second} exclude each other`);
  return first === undefined ? undefined : choices[first];
}
