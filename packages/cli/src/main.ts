#!/usr/bin/env node
import { askAtTerminal } from './approvals/ask-at-terminal.ts';
import { run } from './run.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
for (const stream of [process.stdout, process.stderr]) stream.on('error', leave);

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  interactive: process.stdout.isTTY,
  signal: interrupted.signal,
  ...(process.stdin.isTTY && process.stdout.isTTY
    ? { ask: askAtTerminal(interrupted.signal) }
    : {}),
});

/** Nobody reads on, as behind `| head`: what goes on for ever ends, and everything else as it would. */
function leave(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  interrupted.abort();
}
