import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { createAuditKeys, fileAudit, logsIn } from '@guardstile/audit';
import type { AuditEntry } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { run } from '../run.ts';

const keys = createAuditKeys();

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

async function guardstile(...args: readonly string[]): Promise<Ran> {
  let out = '';
  let error = '';
  const code = await run(args, {
    out: (text) => (out += text),
    error: (text) => (error += text),
    interactive: false,
    signal: new AbortController().signal,
  });
  return { code, out, error };
}

const WRITER = `
  import { fileAudit } from '@guardstile/audit';
  const [path, keys, ...rids] = process.argv.slice(1);
  const log = fileAudit(path, { ...JSON.parse(keys), slots: 2 });
  for (const rid of rids) await log.append({ kind: 'application', action: 'step', actor: 'B', rid });
  await log.close();
`;

/** The logs of two processes beside their registry: `rid_shared` is in both. */
async function severalLogs(): Promise<string> {
  const path = temporaryDirectory();
  const log = fileAudit(path, { ...keys, slots: 2 });
  const append = (rid: string) =>
    log.append({ kind: 'application', action: 'step', actor: 'A', rid });
  await append('rid_a');
  await append('rid_shared');
  const args = [JSON.stringify(keys), 'rid_shared', 'rid_b'];
  await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '-e', WRITER, path, ...args],
    { cwd: import.meta.dirname },
  );
  await log.close();
  expect(logsIn(path)).toHaveLength(3);
  return path;
}

describe('guardstile audit prove, of several logs', () => {
  it.each([
    ['rid_a', ['A']],
    ['rid_b', ['B']],
    ['rid_shared', ['A', 'B']],
  ])('proves %s from the logs that hold it', async (rid, actors) => {
    const path = await severalLogs();
    const proof = await guardstile('audit', 'prove', path, rid, '--public-key', keys.publicKey);
    expect(proof).toMatchObject({ code: 0, error: '' });
    const proofs = JSON.parse(proof.out) as ReadonlyArray<{ readonly entry: string }>;
    const entries = proofs.map(({ entry }) => JSON.parse(entry) as AuditEntry);
    expect(entries.map(({ actor }) => actor)).toEqual(actors);
    expect(new Set(entries.map(({ log }) => log)).size).toBe(actors.length);
    expect(entries.every((entry) => entry.rid === rid)).toBe(true);

    const file = join(temporaryDirectory(), 'proof.json');
    writeFileSync(file, proof.out);
    const checked = await guardstile('audit', 'check-proof', file, '--public-key', keys.publicKey);
    expect(checked).toMatchObject({ code: 0, error: '' });
    expect(checked.out.match(/proved: in the log log_/g)).toHaveLength(actors.length);
  });

  it('says so where none of them holds it', async () => {
    const path = await severalLogs();
    const ran = await guardstile('audit', 'prove', path, 'rid_x', '--public-key', keys.publicKey);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.error).toContain('of the 2 logs in');
    expect(ran.error).toContain('rid_x');
  });

  it('proves nothing of a log that was changed', async () => {
    const path = await severalLogs();
    const segment = join(path, '2', '0000000000000000.jsonl');
    writeFileSync(segment, readFileSync(segment, 'utf8').replace('"actor":"B"', '"actor":"A"'));
    const ran = await guardstile('audit', 'prove', path, 'rid_b', '--public-key', keys.publicKey);
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.error).toContain('audit_tampered');
  });
});
