import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { createAuditKeys, fileAudit, sqliteAudit } from '@guardstile/audit';
import {
  type AuditDraft,
  type AuditLog,
  createGuard,
  digest,
  type PolicyInput,
} from '@guardstile/core';
import { loadPolicy } from '@guardstile/policy-file';
import { afterEach, describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { type Ran, runCli } from '../../../../test/support/run-cli.ts';

const keys = createAuditKeys();

const policy = (...args: readonly string[]): Promise<Ran> => runCli('policy', ...args);

let directory = '';
const place = (name: string): string => join((directory ||= temporaryDirectory()), name);
afterEach(() => {
  directory = '';
});

function file(name: string, text: string): string {
  writeFileSync(place(name), text);
  return place(name);
}

interface Call {
  readonly tool: string;
  readonly args: unknown;
}

/** The support agent's day, as a guard with rules of its own writes it down. */
async function record(audit: AuditLog, calls: readonly Call[], decide: PolicyInput): Promise<void> {
  const guard = createGuard({
    policy: decide,
    audit,
    unicodeNames: true,
    context: { principal: { id: 'ann', roles: ['staff'] } },
  });
  for (const call of calls) await guard.call(call, () => 'done').catch(() => undefined);
  await guard.close();
}

const DAY: readonly Call[] = [
  ...[1, 2, 3, 4, 5, 6].map((n) => ({ tool: 'read_order', args: { id: n } })),
  ...[40, 90, 700].map((amount) => ({ tool: 'refund', args: { amount, currency: 'EUR' } })),
  { tool: 'login', args: { user: 'shop', password: 'hunter2' } },
  { tool: 'rm', args: { path: '/' } },
];
const decideDay: PolicyInput = ({ tool, args }) =>
  tool.name === 'rm' || (args as { readonly amount?: number }).amount === 700 ? 'deny' : 'allow';

async function dayLog(name = 'log'): Promise<string> {
  await record(fileAudit(place(name), keys), DAY, decideDay);
  return place(name);
}

const FACTS = 'version: 1\nfacts: { read_order: readOnly }\n';

describe('guardstile policy learn', () => {
  it('writes a policy that its own check passes, and that lets the harmless calls run', async () => {
    const log = await dayLog();
    const [facts, learned] = [file('facts.yaml', FACTS), place('learned.yaml')];
    const ran = await policy('learn', log, '--facts', facts, '-o', learned);
    expect(ran).toEqual({
      code: 0,
      out: '',
      error:
        'learned from 11 calls. Rules: 3, of which 1 let calls run without a person (6 of the recorded ones). Review them before you use them.\n',
    });
    expect((await policy('check', learned)).code).toBe(0);
    const replay = await policy(
      'diff',
      file('none.yaml', 'version: 1\n'),
      learned,
      '--replay',
      log,
    );
    expect(replay.out).toContain('deny → allow (widens)  6      read_order');
    expect(replay.out).toContain('deny → ask (widens)    2      refund');
    expect(replay.out).not.toContain('rm');
    const text = readFileSync(learned, 'utf8');
    expect(text).toContain('# - rm: every call was denied (1 calls, such as rid_');
    expect(text).toContain('# password: not restricted, the log hides 1 of its values');
    expect(text).toContain('who wrote them was not checked (pass --hmac-key-file)');
    expect(text).toMatch(/# 11 calls, 20\d\d-\S+Z to 20\d\d-\S+Z/);
  });

  it('says that entries were written with the key, where it has it', async () => {
    const log = await dayLog();
    const key = file('hmac.key', keys.key);
    const { code, out } = await policy('learn', log, '--hmac-key-file', key);
    expect(code).toBe(0);
    expect(out).toContain('# every entry was written with the key');
    const other = file('other.key', createAuditKeys().key);
    expect(await policy('learn', log, '--hmac-key-file', other)).toMatchObject({
      code: 5,
      out: '',
      error: expect.stringContaining('written without the key') as string,
    });
  });

  it('reads SQLite logs, and those of several processes', async () => {
    await record(sqliteAudit(place('log.db'), keys), DAY, decideDay);
    await record(fileAudit(place('slots'), { ...keys, slots: 2 }), DAY, decideDay);
    const { code, out, error } = await policy('learn', place('log.db'), place('slots'));
    expect(code).toBe(0);
    expect(error).toContain('learned from 22 calls');
    expect(out).toContain('# 12 allowed, 0 asked, 0 denied');
  });

  it('replaces no file', async () => {
    const log = await dayLog();
    const reviewed = file('reviewed.yaml', 'version: 1\n');
    expect(await policy('learn', log, '-o', reviewed)).toMatchObject({
      code: 2,
      error: expect.stringContaining('EEXIST') as string,
    });
    expect(readFileSync(reviewed, 'utf8')).toBe('version: 1\n');
  });
});

describe('a log that says nothing', () => {
  it.each([
    ['without calls', [], 'nothing to learn: the logs hold no calls'],
    ['with denials only', [DAY.at(-1)], 'nothing to learn: of 1 calls none ran'],
  ])('%s: 4, and no file', async (_, calls, message) => {
    await record(
      fileAudit(place('log'), keys),
      calls.filter((call) => call !== undefined),
      decideDay,
    );
    const ran = await policy('learn', place('log'), '-o', place('learned.yaml'));
    expect(ran).toMatchObject({ code: 4, out: '' });
    expect(ran.error).toContain(message);
    expect(readdirSync(directory)).not.toContain('learned.yaml');
  });

  it.each(['nowhere', 'empty', 'text'])('%s: 2, with what to pass', async (name) => {
    mkdirSync(place('empty'));
    file('text', 'no log');
    const ran = await policy('learn', place(name));
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.error).toContain(`${place(name)} cannot be read as a log`);
    expect(ran.error).toContain('pass the directory of a file log');
    const policies = [file('a.yaml', 'version: 1\n'), file('b.yaml', 'version: 1\n')];
    expect((await policy('diff', ...policies, '--replay', place(name))).code).toBe(2);
  });

  it('and wrong use: 2; a file of facts that is invalid: 3', async () => {
    expect((await policy('learn')).code).toBe(2);
    expect((await policy('learn', await dayLog(), '--nope')).code).toBe(2);
    const facts = file('facts.yaml', 'version: 1\nfacts: { a: harmless }');
    expect((await policy('learn', place('log'), '--facts', facts)).code).toBe(3);
  });
});

describe('a log that was tampered with', () => {
  it.each(['changed', 'deleted'])('is refused: an entry was %s', async (how) => {
    const log = await dayLog();
    const [segment = ''] = readdirSync(log).filter((name) => name.endsWith('.jsonl'));
    const text = readFileSync(join(log, segment), 'utf8');
    const changed =
      how === 'changed'
        ? text.replace('tool.deny', 'tool.allow')
        : text.split('\n').toSpliced(4, 1).join('\n');
    expect(changed).not.toBe(text);
    writeFileSync(join(log, segment), changed);
    const ran = await policy('learn', log, '-o', place('learned.yaml'));
    expect(ran).toMatchObject({ code: 5, out: '' });
    expect(ran.error).toMatch(/entry \d+: .*; nothing is concluded from it.* \[audit_tampered\]/);
    expect(readdirSync(directory)).not.toContain('learned.yaml');
    const policies = [file('a.yaml', 'version: 1\n'), file('b.yaml', 'version: 1\n')];
    const replay = await policy('diff', ...policies, '--replay', log);
    expect(replay).toMatchObject({ code: 5, out: '' });
  });
});

/** But for line feeds. */
const HIDDEN = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

describe('a hostile log', () => {
  it('with control characters writes none of them', async () => {
    const nasty = '\u001B[2J\u202e\r\n- { id: evil, effect: allow, tool: look }\n\u0007\u2028#';
    const calls = [
      { tool: `read${nasty}`, args: { [nasty]: nasty } },
      { tool: 'read', args: JSON.parse('{"constructor":1,"$set":"a"}') as unknown },
    ];
    await record(fileAudit(place('log'), keys), calls, () => 'allow');
    const { code, out } = await policy('learn', place('log'));
    expect(code).toBe(0);
    expect(out).not.toMatch(HIDDEN);
    const { rules } = loadPolicy({ text: out, name: 'learned.yaml' });
    expect(rules).toEqual(['learned.read']);
    expect(out).toMatch(/^# .*makes no rule: .* tool has control or format/m);
    const learned = file('learned.yaml', out);
    const replay = await policy(
      'diff',
      file('a.yaml', 'version: 1\n'),
      learned,
      '--replay',
      place('log'),
    );
    expect(replay.code).toBe(4);
    expect(replay.out).not.toMatch(HIDDEN);
  });

  it('of 100,000 entries is read in 48 MB', { timeout: 240_000 }, async () => {
    const audit = fileAudit(place('log'), keys);
    const args = { q: 'x'.repeat(300) };
    const draft: AuditDraft = {
      tool: 'look',
      kind: 'decision',
      action: 'tool.allow',
      actor: 'guard',
      args,
      digest: digest('args', args),
    };
    for (let i = 0; i < 100; i += 1) {
      const batch = Array.from({ length: 1000 }, (_, j) => ({
        ...draft,
        rid: `${i}.${j}`,
      }));
      await Promise.all(batch.map((one) => audit.append(one)));
    }
    await audit.close?.();
    const main = fileURLToPath(
      import.meta.resolve('@guardstile/cli').replace('index.js', 'main.js'),
    );
    const node = (...rest: string[]): ReturnType<typeof spawnSync> =>
      spawnSync(process.execPath, ['--max-old-space-size=48', main, 'policy', ...rest]);
    const learned = node('learn', place('log'), '-o', place('learned.yaml'));
    expect(String(learned.stderr)).toContain('learned from 100000 calls');
    expect(learned.status).toBe(0);
    const replay = node(
      'diff',
      file('a.yaml', 'version: 1\ndefault: deny'),
      place('learned.yaml'),
      '--replay',
      place('log'),
    );
    expect(String(replay.stdout)).toContain('deny → ask (widens)  100000  look');
    expect(replay.status).toBe(4);
  });
});
