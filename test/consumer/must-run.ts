import { run, type RunOptions } from '../support/run.ts';

/** Runs a program and gives what it wrote to its standard output; anything but exit code 0 throws. */
export async function mustRun(
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<string> {
  const { code, signal, output, stdout } = await run(command, args, options);
  if (code !== 0) {
    const end = signal === null ? `exit code ${code}` : `signal ${signal}`;
    throw new Error(`${command} ${args.join(' ')} ended with ${end}:\n${output}`);
  }
  return stdout;
}
