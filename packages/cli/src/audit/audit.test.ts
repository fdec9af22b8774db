import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createAuditKeys, fileAudit } from '@guardstile/audit';
import { createGuard } from '@guardstile/core';
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

/** A closed log of some calls, and the checkpoint that its owner handed out. */
async function logOfCalls() {
  const path = temporaryDirectory();
  const guard = createGuard({
    policy: ({ tool }) =>
      tool.name === 'rm' ? { effect: 'deny', reason: 'no', rule: 'no-rm' } : 'allow',
    audit: fileAudit(path, keys),
    context: { principal: { id: 'ann' } },
  });
  for (const file of ['a', 'b\u202e', 'c']) {
    await guard.call({ tool: 'read', args: { file } }, () => 'text');
  }
  await guard.call({ tool: 'rm', args: {} }, () => 1).catch(() => undefined);
  const [, first] = (await guard.audit?.query()) ?? [];
  await guard.close();
  const checkpoint = join(temporaryDirectory(), 'checkpoint');
  writeFileSync(checkpoint, readFileSync(join(path, 'checkpoint')));
  return { path, checkpoint, rid: first?.rid ?? '' };
}

describe('guardstile audit verify', () => {
  it('ends with 0 when a checkpoint from elsewhere shows that the log is whole', async () => {
    const { path, checkpoint } = await logOfCalls();
    const args = ['--public-key', keys.publicKey, '--checkpoint', checkpoint];
    const ran = await guardstile('audit', 'verify', path, ...args);
    expect(ran).toMatchObject({ code: 0, error: '' });
    expect(ran.out).toContain('VERIFIED up to entry 9');
  });

  it('ends with 3 when nothing shows that it is whole', async () => {
    const { path } = await logOfCalls();
    const ran = await guardstile('audit', 'verify', path);
    expect(ran.code).toBe(3);
    expect(ran.out).toContain('CONSISTENT, but entries at the end may be missing');
  });

  it('ends with 1 and the place when it was tampered with', async () => {
    const { path } = await logOfCalls();
    const file = join(path, '0000000000000000.jsonl');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"file":"a"', '"file":"x"'));
    const keyFile = join(temporaryDirectory(), 'key');
    writeFileSync(keyFile, `${keys.key}\n`);
    const ran = await guardstile('audit', 'verify', path, '--hmac-key-file', keyFile);
    expect(ran.code).toBe(1);
    expect(ran.out).toMatch(/TAMPERED: 0000000000000000\.jsonl, offset \d+, entry 1/);
    const json = await guardstile('audit', 'verify', path, '--hmac-key-file', keyFile, '--json');
    expect(JSON.parse(json.out)).toMatchObject([{ outcome: 'tampered', fault: { seq: 1 } }]);
  });

  it.each<readonly string[]>([
    [],
    ['/nowhere/at/all'],
    ['.', '--no-such-option'],
    ['.', '--checkpoint', '/nowhere/at/all'],
  ])('ends with 2 for wrong use: %j', async (...args) => {
    const ran = await guardstile('audit', 'verify', ...args);
    expect(ran.code).toBe(2);
    expect(ran.error).not.toBe('');
    expect(ran.out).toBe('');
  });
});

describe('guardstile audit', () => {
  it('shows the last entries, one line each, with nothing hidden in them', async () => {
    const { path } = await logOfCalls();
    const ran = await guardstile('audit', 'tail', path, '--lines', '3', '--user', 'ann');
    expect(ran.code).toBe(0);
    const lines = ran.out.trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.at(-1)).toMatch(/tool\.deny\s+rm\s+denied\s+rule no-rm\s+ann/);
    expect((await guardstile('audit', 'tail', path, '--lines', 'x')).code).toBe(2);
  });

  it('shows one call whole, with control characters made visible', async () => {
    const { path } = await logOfCalls();
    const lines = (await guardstile('audit', 'tail', path, '--json')).out.trim().split('\n');
    const hostile = lines.map((line) => JSON.parse(line) as { rid?: string; args?: object });
    const rid = hostile.find(({ args }) => JSON.stringify(args)?.includes('\u202e'))?.rid ?? '';
    const ran = await guardstile('audit', 'show', path, rid);
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('tool.allow');
    expect(ran.out).toContain('tool.outcome');
    expect(ran.out).not.toContain('\u202e');
    expect((await guardstile('audit', 'show', path, 'rid_none')).code).toBe(2);
  });

  it('counts by tool and rule', async () => {
    const { path } = await logOfCalls();
    const { out } = await guardstile('audit', 'stats', path);
    expect(out).toMatch(/^tool\s+allowed\s+denied/);
    expect(out).toMatch(/^read\s+3\s+0\s+0\s+0/m);
    expect(out).toMatch(/^rm\s+0\s+1\s+0\s+0\s+no-rm 1/m);
    const json = JSON.parse((await guardstile('audit', 'stats', path, '--json')).out) as unknown;
    expect(json).toMatchObject([
      { tool: 'read', allowed: 3 },
      { tool: 'rm', denied: 1 },
    ]);
  });

  it('proves a call, and checks the proof without the log', async () => {
    const { path, rid } = await logOfCalls();
    const proof = await guardstile('audit', 'prove', path, rid, '--public-key', keys.publicKey);
    expect(proof.code).toBe(0);
    const file = join(temporaryDirectory(), 'proof.json');
    writeFileSync(file, proof.out);
    const checked = await guardstile('audit', 'check-proof', file, '--public-key', keys.publicKey);
    expect(checked).toMatchObject({ code: 0, error: '' });
    expect(checked.out).toContain('proved: in the log log_');
    writeFileSync(file, proof.out.replaceAll('read', 'rm'));
    const forged = await guardstile('audit', 'check-proof', file, '--public-key', keys.publicKey);
    expect(forged.code).toBe(1);
  });

  it.each([
    ['jsonl', '"action":"tool.deny"'],
    ['csv', '"tool.deny"'],
    ['ocsf', '"activity_name":"tool.deny"'],
  ])('exports as %s', async (format, text) => {
    const { path } = await logOfCalls();
    const ran = await guardstile('audit', 'export', path, '--format', format, '--tool', 'rm');
    expect(ran.code).toBe(0);
    expect(ran.out).toContain(text);
    expect(ran.out).not.toContain('"read"');
  });

  it('makes keys that work', async () => {
    const { out, error } = await guardstile('audit', 'keygen', '--name', 'example.com/log');
    expect(out).toContain('GUARDSTILE_AUDIT_PUBLIC_KEY=example.com/log+');
    expect(error).toContain('secret');
    const made = JSON.parse((await guardstile('audit', 'keygen', '--json')).out) as typeof keys;
    const log = fileAudit(temporaryDirectory(), made);
    await log.append({ kind: 'application', action: 'x', actor: 'test' });
    await log.close();
  });
});
