import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

// Tools that use all they can get.

/** Writes to the channel itself, without end. */
export function floods(): never {
  const junk = Buffer.alloc(65_536, 'x');
  for (;;) writeSync(3, junk);
}

export function hoardsObjects(): never {
  const kept: unknown[] = [];
  for (;;) kept.push(Array.from({ length: 1000 }, () => ({})));
}

export function hoardsBuffers(): never {
  const kept: Buffer[] = [];
  for (;;) kept.push(Buffer.alloc(10_000_000, 1));
}

export function computes(): never {
  for (;;);
}

export function backtracks(): boolean {
  return /^(a+)+$/.test(`${'a'.repeat(60)}b`);
}

export async function prints(): Promise<never> {
  for (;;) {
    process.stdout.write('x'.repeat(65_536));
    process.stderr.write('y'.repeat(65_536));
    await wait(0);
  }
}

/** Starts processes in sessions of their own, which a kill of the process group does not reach. */
export async function leavesBehind({
  marker,
  many,
}: {
  readonly marker: string;
  readonly many: number;
}): Promise<number> {
  let started = 0;
  for (let i = 0; i < many; i += 1) {
    const child = spawn('/bin/sleep', ['300'], {
      argv0: marker,
      detached: true,
      stdio: 'ignore',
    });
    await new Promise<void>((resolve) => {
      child.once('spawn', () => {
        started += 1;
        resolve();
      });
      child.once('error', () => resolve());
    });
  }
  return started;
}

export async function forks({ marker }: { readonly marker: string }): Promise<never> {
  for (;;) await leavesBehind({ marker, many: 10 });
}
