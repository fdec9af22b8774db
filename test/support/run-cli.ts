import { run } from '../../packages/cli/src/run.ts';

/** What a command printed, and how it ended. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** Runs a command of `guardstile` in this process, as if its output went to a file. */
export async function runCli(...args: readonly string[]): Promise<Ran> {
  let [out, error] = ['', ''];
  const code = await run(args, {
    out: (text) => (out += text),
    error: (text) => (error += text),
    interactive: false,
    signal: new AbortController().signal,
  });
  return { code, out, error };
}
