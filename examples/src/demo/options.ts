/** What the command line says. */
export interface DemoOptions {
  readonly help: boolean;
  /** The answer to every ask; absent: whoever sits at the terminal answers. */
  readonly answer: 'approve' | 'deny' | undefined;
}

export const HELP = `npm run demo [-- --approve | --deny]

An AI SDK agent handles a support ticket with tools for files, HTTP and refunds, behind a guard.

  --approve   answer every ask with yes
  --deny      answer every ask with no
  --help      show this

Without either, the terminal asks you; without a terminal, every ask is denied.
Set OPENAI_API_KEY, ANTHROPIC_API_KEY or AI_GATEWAY_API_KEY to use a real model.`;

const ANSWERS: Readonly<Record<string, 'approve' | 'deny'>> = {
  '--approve': 'approve',
  '--deny': 'deny',
};

/**
 * @throws {RangeError} for anything that is not understood.
 */
export function readOptions(args: readonly string[]): DemoOptions {
  let help = false;
  let answer: DemoOptions['answer'];
  for (const arg of args) {
    const given = Object.hasOwn(ANSWERS, arg) ? ANSWERS[arg] : undefined;
    if (arg === '--help') help = true;
    else if (given === undefined) throw new RangeError(`"${arg}" is not an option`);
    else if (answer !== undefined && answer !== given) {
      throw new RangeError('--approve and --deny exclude each other');
    } else answer = given;
  }
  return { help, answer };
}
