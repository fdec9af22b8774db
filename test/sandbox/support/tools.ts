import { readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
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

/** Writes to a file what is in it. */
export function overwrites({ path }: { readonly path: string }): void {
  writeFileSync(path, readFileSync(path));
}

/** What there is to read at a descriptor; empty where there is nothing. */
export function readDescriptor({ descriptor }: { readonly descriptor: number }): string {
  const buffer = Buffer.alloc(100);
  return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, buffer.length, 0));
}

/** How a connection to this machine ends. */
export function connects({ port }: { readonly port: number }): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve('connected'));
    socket.once('error', () => resolve('failed'));
  });
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

type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Asks its parent for pages, all at once. */
export async function fetches(
  { urls, body }: { readonly urls: readonly string[]; readonly body?: string },
  { fetch }: { readonly fetch?: Fetch },
): Promise<unknown> {
  if (fetch === undefined) return 'no fetch';
  const init = body === undefined ? {} : { method: 'POST', body, headers: { 'x-sent': 'yes' } };
  return Promise.all(
    urls.map(async (url) => {
      const response = await fetch(url, init);
      return [response.status, response.headers.get('x-seen'), (await response.text()).length];
    }),
  );
}

/** Asks without end and reads no reply. */
export function asksForever({ url }: { readonly url: string }): never {
  const request = { url, method: 'GET', headers: [], redirect: 'follow' };
  for (let id = 1; ; id += 1) writeSync(3, `${JSON.stringify({ fetch: { id, ...request } })}\n`);
}

/** Asks with nonsense, and answers then. */
export function asksNonsense(): string {
  for (const fetch of [
    null,
    1,
    'x',
    [],
    {},
    { id: {}, url: [], headers: [[1, 2], 'x'], body: 5 },
  ]) {
    writeSync(3, `${JSON.stringify({ fetch })}\n`);
  }
  return 'answered';
}
