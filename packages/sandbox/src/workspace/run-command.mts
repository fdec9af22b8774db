import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { Place } from './file-operations.mts';
import type { CommandResult } from './found.mts';

// Runs inside a child under OS isolation.

/** How long after its end what it printed may take to arrive. */
const LAST_WORDS_MS = 100;

export function runCommand({
  root,
  maxBytes,
  command,
  cwd = '.',
  env = {},
}: Place & {
  readonly command: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}): Promise<CommandResult> {
  const program = spawn('/bin/sh', ['-c', command], {
    cwd: resolve(root, cwd),
    env: { PATH: '/usr/bin:/bin', HOME: '/tmp', LANG: 'C.UTF-8', ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collected(maxBytes);
  const stdout = output.of(program.stdout);
  const stderr = output.of(program.stderr);
  return new Promise((done, failed) => {
    const end = (): void =>
      done({
        exitCode: program.exitCode ?? 128 + constants.signals[program.signalCode ?? 'SIGKILL'],
        stdout: stdout(),
        stderr: stderr(),
        truncated: output.truncated(),
      });
    program.once('close', end);
    // What it left running may hold its output open for ever.
    program.once('exit', () => setTimeout(end, LAST_WORDS_MS));
    program.once('error', failed);
  });
}

/** Both streams together up to so many bytes; the rest is read and thrown away. */
function collected(maxBytes: number): {
  of(stream: Readable | null): () => string;
  truncated(): boolean;
} {
  let left = maxBytes;
  return {
    of(stream) {
      const parts: Buffer[] = [];
      stream?.on('error', () => undefined);
      stream?.on('data', (part: Buffer) => {
        if (left > 0) parts.push(part.subarray(0, left));
        left -= part.length;
      });
      return () => Buffer.concat(parts).toString();
    },
    truncated: () => left < 0,
  };
}
