import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createAuditKeys, fileAudit } from '@guardstile/audit';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { run } from '../run.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };

async function verify(...args: readonly string[]) {
  let out = '';
  let error = '';
  const code = await run(['audit', 'verify', ...args], {
    out: (text) => (out += text),
    error: (text) => (error += text),
    interactive: false,
    signal: new AbortController().signal,
  });
  return { code, out, error };
}

async function log(slots?: number): Promise<string> {
  const path = temporaryDirectory();
  const options = { ...keys, segmentBytes: 1000, ...(slots === undefined ? {} : { slots }) };
  const audit = fileAudit(path, options);
  for (let n = 0; n < 6; n += 1) {
    await audit.append({ kind: 'application', action: 'import', actor: 'app' });
  }
  await audit.close();
  return path;
}

describe('guardstile audit verify, of several paths', () => {
  it('says the same of all logs with threads and without, those of several processes too', async () => {
    const paths = [await log(), await log(2)];
    const alone = await verify(...paths, '--workers', '0');
    expect(alone).toMatchObject({ code: 3, error: '' });
    expect(alone.out.match(/CONSISTENT/g)).toHaveLength(3);
    expect(await verify(...paths, '--workers', '2')).toEqual(alone);
    const second = join(paths[1] ?? '', '1');
    const [file = ''] = readdirSync(second).filter((name) => name.endsWith('.jsonl'));
    const text = readFileSync(join(second, file), 'utf8');
    writeFileSync(join(second, file), text.replace('"import"', '"export"'));
    const changed = await verify(...paths, '--workers', '2');
    expect(changed).toMatchObject({ code: 1, error: '' });
    expect(changed).toEqual(await verify(...paths, '--workers', '0'));
  });

  it('says how far it is where that is asked for', async () => {
    const path = await log();
    const { error } = await verify(path, '--progress', '--workers', '2');
    const [report] = JSON.parse((await verify(path, '--json')).out) as [
      { readonly entries: number },
    ];
    expect(error).toBe(`${report.entries} entries read\n`);
  });

  it.each(['x', '-1', '1.5', ''])('takes no "%s" for a number of threads', async (count) => {
    const ran = await verify('.', '--workers', count);
    expect(ran).toMatchObject({ code: 2, out: '' });
  });
});
