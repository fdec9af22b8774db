import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Forgery } from './ledger.ts';

/** Copies a log's directory, forges one entry of the copy, and looks at it. */
export async function withForgedCopy<T>(
  log: string,
  forgery: Forgery,
  look: (directory: string) => T,
): Promise<T> {
  const copy = await mkdtemp(join(tmpdir(), 'guardstile-forged-'));
  try {
    await cp(log, copy, { recursive: true });
    await forge(copy, forgery);
    return look(copy);
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Changes one word of one line, as somebody would with an editor. */
async function forge(directory: string, { target, action }: Forgery): Promise<void> {
  // Only one entry follows the same one.
  const mark = `"prev":"${target.prev}"`;
  for (const name of await readdir(directory)) {
    const file = join(directory, name);
    const lines = name.endsWith('.jsonl') ? (await readFile(file, 'utf8')).split('\n') : [];
    const at = lines.findIndex((line) => line.includes(mark));
    if (at < 0) continue;
    const forged = lines[at]?.replace(`"${target.action}"`, `"${action}"`) ?? '';
    await writeFile(file, lines.with(at, forged).join('\n'));
  }
}
