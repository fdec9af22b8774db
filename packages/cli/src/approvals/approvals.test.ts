import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { sqliteApprovals, type SqliteApprovals } from '@guardstile/approvals';
import { fileAudit, verifyLogs } from '@guardstile/audit';
import type { Approval, ApprovalDraft } from '@guardstile/core';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

import { temporaryDirectory } from '../../../../test/support/temporary-directory.ts';
import { approvalFor, FINANCE } from '../../../approvals/test/approval-for.ts';
import { hasTmux, openScreen } from '../../../approvals/test/tmux-screen.ts';
import { run } from '../run.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const KEY = new Uint8Array(32).fill(7);
const AUDIT_KEY = 'a key of the log of votes, long enough';
const ONE_VOTE: Partial<ApprovalDraft> = {
  requirements: { ...FINANCE, votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 1 }] },
};

let directory: string;
let approvals: SqliteApprovals;

beforeEach(() => {
  directory = temporaryDirectory();
  approvals = sqliteApprovals(join(directory, 'approvals.db'), { key: KEY });
  onTestFinished(() => approvals.close());
  writeFileSync(join(directory, 'approvals.key'), KEY, { mode: 0o600 });
  writeFileSync(join(directory, 'votes.key'), AUDIT_KEY, { mode: 0o600 });
});

function configOf(voter: unknown, name = 'config.json'): string {
  const path = join(directory, name);
  const places = { store: 'approvals.db', keyFile: 'approvals.key', audit: 'votes' };
  const config = { voter, ...places, auditKeyFile: 'votes.key' };
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

const bob = { id: 'bob', roles: ['finance'], tenant: 'acme' };

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

type Environment = Readonly<Record<string, string>>;

/** In this process, which takes a fraction of the time. */
async function approvalsCommand(
  args: readonly string[],
  env: Environment = { GUARDSTILE_CONFIG: configOf(bob) },
): Promise<Ran> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  let [out, error] = ['', ''];
  const code = await run(['approvals', ...args], {
    out: (text) => (out += text),
    error: (text) => (error += text),
    interactive: false,
    signal: new AbortController().signal,
  });
  vi.unstubAllEnvs();
  return { code, out, error };
}

/** A real process without a terminal. */
async function realProcess(
  args: readonly string[],
  env: Environment = { GUARDSTILE_CONFIG: configOf(bob) },
): Promise<Ran> {
  const child = spawn(process.execPath, [main, 'approvals', ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, error] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
  const [code] = (await once(child, 'close')) as [number | null]; // as node documents
  return { code, out, error };
}

async function votes(): Promise<readonly string[]> {
  const log = fileAudit(join(directory, 'votes'), { key: AUDIT_KEY, slots: 8 });
  const entries = log.query({ kind: 'approval' });
  await log.close();
  return entries.map(({ action, actor }) => `${action} by ${actor}`);
}

const stateOf = async ({ aid }: Approval): Promise<string | undefined> =>
  (await approvals.get(aid))?.state;

describe('guardstile approvals', () => {
  it('lists what is open in the voter’s tenant, and nothing of others', async () => {
    const open = await approvalFor(approvals);
    const denied = await approvalFor(approvals);
    await approvals.cancel(denied.aid);
    const other = await approvalFor(approvals, {}, { bindings: { ...open.bindings, tenant: 'b' } });
    const { code, out } = await approvalsCommand(['list']);
    expect(code).toBe(0);
    expect(out).toMatch(/^APPROVAL +STATE +TOOL +FOR +NEEDS +UNTIL +REASON\n/);
    expect(out).toMatch(
      new RegExp(`^${open.aid} +pending +refund +alice +2 of role:finance .*two of finance$`, 'm'),
    );
    expect(out).not.toContain(denied.aid);
    expect(out).not.toContain(other.aid);
    const all = await approvalsCommand(['list', '--state', 'all', '--json', '--limit', '1']);
    expect(JSON.parse(all.out)).toMatchObject({ aid: open.aid, shown: { amount: 900 } });
    expect((await approvalsCommand(['show', other.aid])).code).toBe(3);
  });

  it('shows what will run, and hidden values only with a reveal, which is logged', async () => {
    const approval = await approvalFor(approvals, { orderId: 'o\u{1b}[2J', password: 'hunter2' });
    const plain = await approvalsCommand(['show', approval.aid]);
    expect(plain.code).toBe(0);
    for (const line of [
      `│  approval   ${approval.aid}`,
      '│  principal  alice',
      '│  needs      2 of role:finance',
      '│    orderId: "o\\u{1b}[2J"',
      '│    password: "[redacted]"',
      '│  may edit   amount, note',
    ]) {
      expect(plain.out).toContain(`${line}\n`);
    }
    expect(existsSync(join(directory, 'votes'))).toBe(false);
    const revealed = await approvalsCommand(['show', approval.aid, '--reveal']);
    expect(revealed.out).toContain('password: "hunter2"');
    expect(await votes()).toEqual(['approval.revealed by bob']);
    // What one command showed, the next one knows of.
    const { digest } = approval.bindings;
    expect((await approvalsCommand(['approve', approval.aid, '--digest', digest])).code).toBe(0);
  });

  it('approves with the digest that was shown, and writes the votes into a log that verifies', async () => {
    const approval = await approvalFor(approvals);
    const { aid, bindings } = approval;
    const first = await realProcess(['approve', aid, '--digest', bindings.digest]);
    expect(first).toEqual({
      code: 0,
      out: `${aid} is pending; it has 1 of the answers it needs: 2 of role:finance\n`,
      error: '',
    });
    const carol = configOf({ ...bob, id: 'carol' }, 'carol.json');
    const second = await realProcess(
      [
        'approve',
        aid,
        '--digest',
        bindings.digest,
        '--note',
        'as agreed',
        '--json',
        '--config',
        carol,
      ],
      {},
    );
    expect(JSON.parse(second.out)).toMatchObject({
      ok: true,
      approval: {
        state: 'approved',
        votes: [{ voter: 'bob' }, { voter: 'carol', note: 'as agreed' }],
      },
    });
    expect(await votes()).toEqual(['approval.approve by bob', 'approval.approve by carol']);
    for (const report of verifyLogs(join(directory, 'votes'), { key: AUDIT_KEY })) {
      expect(report.fault).toBeUndefined();
    }
  });

  it('counts everybody who answers at the same moment', async () => {
    const approval = await approvalFor(
      approvals,
      {},
      {
        requirements: {
          ...FINANCE,
          votes: [{ kind: 'approvers', by: ['role:finance'], quorum: 4 }],
        },
      },
    );
    const ran = await Promise.all(
      ['a', 'b', 'c', 'd'].map((id) =>
        realProcess(
          [
            'approve',
            approval.aid,
            '--digest',
            approval.bindings.digest,
            '--config',
            configOf({ ...bob, id }, id),
          ],
          {},
        ),
      ),
    );
    expect(ran.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(await stateOf(approval)).toBe('approved');
    expect((await votes()).toSorted()).toEqual(
      ['a', 'b', 'c', 'd'].map((id) => `approval.approve by ${id}`),
    );
  });

  it('denies with a note', async () => {
    const approval = await approvalFor(approvals);
    const { code, out } = await realProcess(['deny', approval.aid, '--note', 'wrong account']);
    expect([code, out]).toEqual([0, `${approval.aid} is denied\n`]);
    expect((await approvals.get(approval.aid))?.votes[0]).toMatchObject({ note: 'wrong account' });
  });

  it('edits, with JSON or text for values', async () => {
    const approval = await approvalFor(approvals, undefined, ONE_VOTE);
    const { digest } = approval.bindings;
    const edit = ['edit', approval.aid, '--digest', digest];
    const { code } = await approvalsCommand([...edit, '--set', 'amount=5', 'note=at most 5']);
    expect(code).toBe(0);
    expect(await approvals.get(approval.aid)).toMatchObject({
      state: 'approved',
      shown: { orderId: 'o1', amount: 5, note: 'at most 5' },
    });
    expect(await votes()).toEqual(['approval.edited by bob']);
  });

  it('grants with an approval, lists grants, and revokes them', async () => {
    const approval = await approvalFor(approvals, undefined, ONE_VOTE);
    const approve = ['approve', approval.aid, '--digest', approval.bindings.digest];
    const grant = ['--grant', 'session', '--field', 'amount'];
    expect((await approvalsCommand([...approve, ...grant])).error).toContain('--for with a time');
    expect((await approvalsCommand([...approve, ...grant, '--for', '8h'])).code).toBe(0);
    expect((await approvals.get(approval.aid))?.votes[0]?.grant).toEqual({
      scope: 'session',
      fields: ['amount'],
      expiresMs: 8 * 3_600_000,
    });
    await approvals.grants?.add({
      gid: 'gid_1',
      scope: 'always',
      tenant: 'acme',
      principal: 'alice',
      tool: { source: 'app', name: 'refund' },
      rules: ['refund.large'],
      where: { amount: 'sha256:1' },
      shown: { amount: 900 },
      aid: approval.aid,
      votes: [],
      expiresMs: 60_000,
    });
    const listed = await approvalsCommand(['grants']);
    expect(listed.out).toMatch(/^gid_1 +refund +alice +amount=900 +refund\.large /m);
    expect(await approvalsCommand(['revoke', 'gid_1'])).toMatchObject({
      code: 0,
      out: 'gid_1 is revoked\n',
    });
    expect((await approvalsCommand(['grants'])).error).toBe('nothing is granted here\n');
    expect((await approvalsCommand(['revoke', 'gid_2'])).code).toBe(3);
    expect((await votes()).at(-1)).toBe('grant.revoked by bob');
  });

  it('tells refusals apart by exit code, and counts nothing', async () => {
    const approval = await approvalFor(approvals);
    const { aid, bindings } = approval;
    const as = (voter: unknown, args: readonly string[]): Promise<Ran> =>
      approvalsCommand(args, { GUARDSTILE_CONFIG: configOf(voter) });
    const approve = ['approve', aid, '--digest', bindings.digest];
    expect(await as({ id: 'mallory', tenant: 'acme' }, approve)).toMatchObject({
      code: 4,
      error:
        'not counted: your answer does not count here: it needs 2 of role:finance [not-named]\n',
    });
    expect((await as({ ...bob, id: 'alice' }, approve)).code).toBe(4);
    expect((await as({ ...bob, tenant: 'b' }, approve)).code).toBe(3);
    expect((await as(bob, ['approve', aid, '--digest', 'sha256:0'])).code).toBe(5);
    expect((await as(bob, ['approve', 'aid_none', '--digest', 'x'])).code).toBe(3);
    expect(await as(bob, ['approve', aid])).toMatchObject({
      code: 2,
      error: expect.stringContaining('pass --digest') as string,
    });
    expect(
      (await as(bob, ['edit', aid, '--set', 'orderId=o2', '--digest', bindings.digest])).code,
    ).toBe(4);
    expect(await stateOf(approval)).toBe('pending');
  });

  it('answers 6 where the store or the log cannot be used', async () => {
    const approval = await approvalFor(approvals);
    const approve = ['approve', approval.aid, '--digest', approval.bindings.digest];
    writeFileSync(join(directory, 'votes'), 'no log');
    expect((await approvalsCommand(approve)).code).toBeGreaterThan(1);
    expect(await stateOf(approval)).toBe('pending');
    writeFileSync(join(directory, 'broken.db'), 'no database'.repeat(1000));
    expect((await approvalsCommand(['list', '--store', join(directory, 'broken.db')])).code).toBe(
      6,
    );
  });

  it.each([
    ['nobody', {}, 'nobody knows who you are'],
    ['two people', { GUARDSTILE_VOTER: 'ann' }, 'both the configuration and GUARDSTILE_VOTER'],
  ])('takes no answer from %s', async (who, env, words) => {
    const config = configOf(who === 'nobody' ? undefined : bob);
    const ran = await approvalsCommand(['list', '--config', config], env);
    expect(ran.code).toBe(2);
    expect(ran.error).toContain(words);
  });

  it('knows no option that says who answers', async () => {
    for (const option of ['--as', '--voter', '--role', '--tenant']) {
      const { code, error } = await approvalsCommand(['list', option, 'ann']);
      expect(code).toBe(2);
      expect(error).toContain('unknown option');
    }
  });

  it('takes a voter from the environment', async () => {
    const approval = await approvalFor(approvals, undefined, ONE_VOTE);
    const ran = await realProcess(['approve', approval.aid, '--digest', approval.bindings.digest], {
      GUARDSTILE_VOTER: 'bob',
      GUARDSTILE_VOTER_ROLES: 'sales, finance',
      GUARDSTILE_VOTER_TENANT: 'acme',
      GUARDSTILE_APPROVALS: join(directory, 'approvals.db'),
      GUARDSTILE_APPROVALS_KEY_FILE: join(directory, 'approvals.key'),
      GUARDSTILE_VOTES_AUDIT: join(directory, 'votes'),
      GUARDSTILE_AUDIT_KEY: AUDIT_KEY,
    });
    expect(ran).toMatchObject({ code: 0, out: `${approval.aid} is approved\n` });
  });

  it('trusts no configuration that others may write, and no key that others may read', async () => {
    const config = configOf(bob);
    chmodSync(config, 0o666);
    expect((await approvalsCommand(['list', '--config', config], {})).error).toContain(
      'others may write',
    );
    chmodSync(config, 0o600);
    chmodSync(join(directory, 'approvals.key'), 0o644);
    expect((await approvalsCommand(['list', '--config', config], {})).error).toContain(
      'others may read',
    );
  });

  it('creates no store where there is none', async () => {
    const path = join(directory, 'typo.db');
    const { code, error } = await approvalsCommand(['list', '--store', path]);
    expect([code, error]).toEqual([2, `guardstile: there is no store ${path}\n`]);
    expect(existsSync(path)).toBe(false);
  });

  it('refuses a configuration that it does not understand', async () => {
    const path = join(directory, 'odd.json');
    writeFileSync(path, JSON.stringify({ voter: { id: 'ann', role: 'finance' } }), { mode: 0o600 });
    const { code, error } = await approvalsCommand(['list', '--config', path], {});
    expect(code).toBe(2);
    expect(error).toContain('role');
    mkdirSync(join(directory, 'folder'));
    expect((await approvalsCommand(['list', '--config', join(directory, 'folder')], {})).code).toBe(
      2,
    );
  });

  it('watches: shows what is asked and what becomes of it, until interrupted', async () => {
    const child = spawn(process.execPath, [main, 'approvals', 'list', '--watch', '--json'], {
      env: { PATH: process.env['PATH'], GUARDSTILE_CONFIG: configOf(bob) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const known = await approvalFor(approvals);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const until = async (aid: string, state: string): Promise<void> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done === true) throw new Error(`it ended before ${aid} was ${state}`);
        const shown = JSON.parse(value) as Approval;
        if (shown.aid === aid && shown.state === state) return;
      }
    };
    await until(known.aid, 'pending');
    const later = await approvalFor(approvals);
    await until(later.aid, 'pending');
    await approvals.cancel(known.aid);
    await until(known.aid, 'cancelled');
    const ended = once(child, 'exit');
    child.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
  });
});

describe.runIf(hasTmux())('guardstile approvals in a terminal', () => {
  async function approveWith(approval: Approval, typed: string): Promise<string> {
    const args = `approvals approve ${approval.aid} --config ${configOf(bob)}`;
    const shell = `timeout --foreground 60 "$1" ${main} ${args} || echo "CODE $?"`;
    const screen = await openScreen('plain', { shell, columns: 80, rows: 40 });
    try {
      const shown = await screen.until('Approve this call? Type yes:');
      expect(shown).toMatch(/│ {2}tool +refund\n[^]*│ {4}amount: 900\n/);
      await screen.type(typed);
      await screen.press('Enter');
      return await screen.ended();
    } finally {
      await screen.close();
    }
  }

  it('shows what will run, and approves for a yes', async () => {
    const approval = await approvalFor(approvals, undefined, ONE_VOTE);
    expect(await approveWith(approval, 'yes')).toContain(`${approval.aid} is approved`);
    expect(await stateOf(approval)).toBe('approved');
  });

  it('approves for nothing but a yes', async () => {
    const approval = await approvalFor(approvals, undefined, ONE_VOTE);
    expect(await approveWith(approval, 'y')).toMatch(/not approved\nCODE 1/);
    expect(await stateOf(approval)).toBe('pending');
  });
});
