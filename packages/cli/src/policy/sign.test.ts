import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { policyFile } from '@guardstile/policy-file';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Ran, runCli } from '../../../../test/support/run-cli.ts';

let directory: string;
let path: string;
let keys: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'guardstile-sign-'));
  path = join(directory, 'policy.yaml');
  keys = join(directory, 'bank');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const policy = (...args: readonly string[]): Promise<Ran> => runCli('policy', ...args);

const sign = (): Promise<Ran> => policy('sign', path, '--key-file', `${keys}.key`);
const WIDER = 'version: 1\nrevision: 1\nrules: [{ id: a, effect: allow, tool: refund }]';

describe('guardstile policy keygen and sign', () => {
  it('make the signature that a running program wants to see', async () => {
    writeFileSync(path, 'version: 1');
    expect((await policy('keygen', '--out', keys)).code).toBe(0);
    const publicKey = readFileSync(`${keys}.pub`, 'utf8');
    const running = await policyFile(path, { widening: { publicKey } });
    writeFileSync(path, WIDER);
    expect((await running.reload()).outcome).toBe('refused');
    expect(await sign()).toEqual({
      code: 0,
      out: `signed ${path}\nthe signature is in ${path}.sig\n`,
      error: '',
    });
    expect((await running.reload()).outcome).toBe('changed');
  });

  it('make a private key that nobody else can read, and never write over a key', async () => {
    await policy('keygen', '--out', keys);
    expect(statSync(`${keys}.key`).mode & 0o777).toBe(0o600);
    const before = readFileSync(`${keys}.key`, 'utf8');
    const { code, error } = await policy('keygen', '--out', keys);
    expect([code, error]).toEqual([2, expect.stringContaining('never overwritten')]);
    expect(readFileSync(`${keys}.key`, 'utf8')).toBe(before);
  });

  it('sign nothing that is invalid, fails its tests or has no revision', async () => {
    await policy('keygen', '--out', keys);
    const signed = async (text: string): Promise<Ran> => {
      writeFileSync(path, text);
      return sign();
    };
    expect((await signed('version: 2')).code).toBe(3);
    expect((await signed(`${WIDER}\ntests: [{ call: refund, expect: deny }]`)).code).toBe(4);
    const { code, error } = await signed(WIDER.replace('revision: 1\n', ''));
    expect([code, error]).toEqual([3, expect.stringContaining('revision: 1')]);
    expect(existsSync(`${path}.sig`)).toBe(false);
  });

  it('say what is wrong with a key', async () => {
    writeFileSync(path, WIDER);
    expect((await sign()).code).toBe(2);
    writeFileSync(`${keys}.key`, 'nonsense');
    expect((await sign()).error).toContain('Ed25519 key as PEM');
    expect((await policy('sign', path)).error).toContain('--key-file');
  });
});
