import { isGuardError } from '@guardstile/core';

import { runDemo } from './demo.ts';
import { type DemoOptions, HELP, readOptions } from './options.ts';

/** Answers the exit code. */
async function main(args: readonly string[]): Promise<number> {
  let options: DemoOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`demo: ${messageOf(error)}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    console.log(HELP);
    return 0;
  }
  try {
    return await untilInterrupted((signal) => runDemo(options, signal));
  } catch (error) {
    console.error(`\ndemo: ${messageOf(error)}`);
    return 1;
  }
}

/** Ctrl+C and its like stop the agent, so that what was set up is still taken down. */
async function untilInterrupted(run: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Error('interrupted'));
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  // Whoever reads along may leave early, as `head` does.
  process.stdout.on('error', stop);
  try {
    return await run(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}

function messageOf(error: unknown): string {
  if (isGuardError(error)) return `${error.message} [${error.code}]`;
  return error instanceof Error ? error.message : String(error);
}

process.exitCode = await main(process.argv.slice(2));
