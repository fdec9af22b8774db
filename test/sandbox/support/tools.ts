import { readFileSync, writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

// What tools do, well and badly. Each runs in a process of its own.

export function double({ n }: { readonly n: number }): number {
  return n * 2;
}

export async function slowly({ ms }: { readonly ms: number }): Promise<string> {
  await wait(ms);
  return 'done';
}

let calls = 0;

/** Counts its own calls: a process that is used twice says 2. */
export function count(): number {
  calls += 1;
  return calls;
}

export function nothing(): void {}

export function environment(): Readonly<Record<string, string | undefined>> {
  return { ...process.env };
}

export function secret(_args: unknown, { secrets }: { readonly secrets: object }): object {
  return secrets;
}

export function read({ path }: { readonly path: string }): string {
  return readFileSync(path, 'utf8');
}

export function throwsError(): never {
  throw Object.assign(new RangeError('too far'), { code: 'E_FAR' });
}

/** Throws what is no error, as some code does. */
function* throwing(): Generator<undefined, never> {
  for (;;) yield;
}

export function throwsText(): unknown {
  return throwing().throw('just a text');
}

export function throwsNothing(): unknown {
  return throwing().throw(undefined);
}

export function imitatesTheGuard(): never {
  throw Object.assign(new Error('denied by policy'), { name: 'GuardError', code: 'denied' });
}

export function exits(): never {
  process.exit(3);
}

export function neverSettles(): Promise<never> {
  return new Promise(() => {});
}

export function returnsFunction(): object {
  return { again: () => 1 };
}

export function returnsCycle(): object {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  return cycle;
}

export function returnsDate(): object {
  return { at: new Date(0) };
}

export function returnsMuch({ bytes }: { readonly bytes: number }): string {
  return 'x'.repeat(bytes);
}

export function writesNonsense(): Promise<never> {
  writeSync(3, 'this is no answer\n');
  return new Promise(() => {});
}

/** So deep that whoever walks it without looking overflows its stack. */
export function writesDeep(): Promise<never> {
  writeSync(3, `{"value":${'['.repeat(200_000)}${']'.repeat(200_000)}}\n`);
  return new Promise(() => {});
}
