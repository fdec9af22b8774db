import { writeSync } from 'node:fs';

// What hostile tools do to whoever runs them. Each runs in a process of its own.

const never = (): Promise<never> => new Promise(() => {});

/** A text that never ends, in which every second character might be its end. */
export function writesEscapes({ many }: { readonly many: number }): Promise<never> {
  writeAll(`"${String.raw`\"`.repeat(many)}\n`);
  return never();
}

export function writes({ line }: { readonly line: string }): Promise<never> {
  writeAll(`${line}\n`);
  return never();
}

export function returnsText({ length }: { readonly length: number }): string {
  return 'x'.repeat(length);
}

/** Asks its parent for pages and reads no reply; returns if all its questions were taken. */
export function asks({ times }: { readonly times: number }): string {
  const request = { id: 1, url: 'http://127.0.0.1/', method: 'GET', headers: [] };
  const lines = `${JSON.stringify({ fetch: request })}\n`.repeat(500);
  for (let i = 0; i < times; i += 500) writeAll(lines);
  return 'all were taken';
}

/** Opens a database wherever it is told to. */
export async function opensDatabase({ path }: { readonly path: string }): Promise<string> {
  const { DatabaseSync } = await import('node:sqlite');
  new DatabaseSync(path).exec('CREATE TABLE reached (x)');
  return 'opened';
}

export function same<T>(args: T): T {
  return args;
}

function writeAll(text: string): void {
  const bytes = Buffer.from(text);
  for (let sent = 0; sent < bytes.length;) sent += writeSync(3, bytes, sent);
}
