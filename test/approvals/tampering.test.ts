import { copyFileSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { createAuditKeys, fileAudit, sqliteAudit } from '@guardstile/audit';
import { approvalInbox, sqliteApprovals } from '@guardstile/approvals';
import {
  type ApprovalStore,
  type AuditLog,
  createGuard,
  type GuardOptions,
  memoryAudit,
} from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { BINDINGS, draftOf, editBy, grantOf, TWO, voteOf } from './draft.ts';
import { codeOf, storeFolder } from './store-folder.ts';

/** What the record is found by, and the record. */
const COLUMNS = {
  key: "'other'",
  state: "'approved'",
  due: 'due + 1e12',
  tenant: "'other'",
  principal: 'NULL',
  session: "'other'",
  tool: "'other'",
  digest: `'${editBy('ben', { cents: 2 }).vote.digest}'`,
  box: 'zeroblob(200)',
} as const;

/** A guard in a process of its own, which asks and ends. */
function server(approvals: ApprovalStore, options: Partial<GuardOptions> = {}) {
  const runs: unknown[] = [];
  const guard = createGuard({
    policy: () => ({ effect: 'ask', reason: 'money', requirements: { votes: TWO.votes } }),
    approvals,
    asks: 'suspend',
    context: { principal: { id: 'ann', tenant: 'acme' }, session: 's1' },
    ...options,
  });
  return {
    runs,
    guard,
    ask: async () => {
      const error = (await guard
        .call({ tool: 'pay', args: { cents: 1 } }, (args) => runs.push(args))
        .catch((thrown: unknown) => thrown)) as { readonly aid?: string };
      return error.aid ?? '';
    },
    resume: async (aid: string) => codeOf(() => guard.resume(aid, (args) => runs.push(args))),
  };
}

async function approve(store: ApprovalStore, aid: string): Promise<void> {
  for (const voter of ['ben', 'cas']) {
    const approval = await store.get(aid);
    const { digest = BINDINGS.digest } = approval?.bindings ?? {};
    await store.vote(aid, voteOf(voter, { digest }), approval?.version ?? 0);
  }
}

describe('a row that somebody else wrote', () => {
  it.each(Object.entries(COLUMNS))('in the column %s runs nothing', async (column, value) => {
    const { open, tamper } = storeFolder();
    const store = open();
    const { ask, resume, runs } = server(store);
    const aid = await ask();
    tamper(`UPDATE approval SET ${column} = ${value}`);
    for (const run of [
      () => resume(aid),
      () => store.get(aid),
      () => store.vote(aid, voteOf('ben'), 1),
      () => store.edit(aid, editBy('ben', { cents: 2 }), 1),
      () => store.consume(aid, 'claim', BINDINGS),
      () => store.cancel(aid),
      () => store.list({}),
    ]) {
      expect(await codeOf(run)).toBe('approval_tampered');
    }
    expect(runs).toEqual([]);
  });

  it('under another id is found under neither', async () => {
    const { open, tamper } = storeFolder();
    const store = open();
    const { ask, resume, runs } = server(store);
    const aid = await ask();
    tamper("UPDATE approval SET aid = 'other'");
    expect(await resume(aid)).toBe('approval_unknown');
    expect(await resume('other')).toBe('approval_tampered');
    expect(runs).toEqual([]);
  });

  it('with any byte of its record changed runs nothing', async () => {
    const { open, path, tamper } = storeFolder();
    const store = open();
    await store.create(draftOf('a'), 'a');
    const database = new DatabaseSync(path);
    const row = database.prepare('SELECT length(box) AS size, hex(box) AS box FROM approval').get();
    database.close();
    const bytes = Buffer.from(String(row?.['box']), 'hex');
    for (let at = 0; at < bytes.length; at += 7) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      tamper(`UPDATE approval SET box = x'${changed.toString('hex')}'`);
      expect(await codeOf(() => store.get('a'))).toBe('approval_tampered');
    }
    tamper(`UPDATE approval SET box = x'${bytes.toString('hex')}'`);
    expect(await store.get('a')).toMatchObject({ aid: 'a' });
  });

  it('from another place, or from another store of the same key, runs nothing', async () => {
    const { open, tamper, folder, key } = storeFolder();
    const store = open();
    await store.create(draftOf('open'), 'open');
    await store.create(draftOf('approved'), 'approved');
    await store.vote('approved', voteOf('ann'), 1);
    const columns = 'key, due, tenant, principal, session, tool, digest, box';
    tamper(
      `INSERT INTO approval (aid, state, ${columns}) SELECT 'forged', state, ${columns} FROM approval WHERE aid = 'approved'`,
    );
    expect(await codeOf(() => store.consume('forged', 'c', BINDINGS))).toBe('approval_tampered');
    const elsewhere = join(folder, 'staging.db');
    const staging = sqliteApprovals(elsewhere, { key });
    await staging.create(draftOf('open'), 'open');
    await staging.vote('open', voteOf('ann'), 1);
    staging.close();
    tamper(
      "DELETE FROM approval WHERE aid = 'open'",
      `ATTACH '${elsewhere}' AS staging; INSERT INTO approval (aid, state, ${columns}) SELECT aid, state, ${columns} FROM staging.approval; DETACH staging`,
    );
    expect(await codeOf(() => store.consume('open', 'c', BINDINGS))).toBe('approval_tampered');
  });

  it('is no grant', async () => {
    for (const [column, value] of [
      ['ends', '1e15'],
      ['principal', "'eve'"],
      ['tool', "'other'"],
      ['box', 'zeroblob(99)'],
    ]) {
      const { open, tamper } = storeFolder();
      const store = open();
      await store.grants?.add(grantOf('g', { expiresMs: 3_600_000 }));
      tamper(`UPDATE standing_grant SET ${column} = ${value}`);
      expect(await codeOf(() => store.grants?.list({}))).toBe('approval_tampered');
    }
  });

  it('is no trigger that undoes what was consumed', () => {
    const { open, tamper } = storeFolder();
    open().close();
    tamper(`CREATE TRIGGER again AFTER UPDATE ON approval WHEN new.state = 'consumed'
      BEGIN UPDATE approval SET state = old.state, box = old.box WHERE seq = old.seq; END`);
    expect(() => open()).toThrow(expect.objectContaining({ code: 'approval_tampered' }));
  });
});

describe('what is kept', () => {
  it('is read with its key only, and by its owner only', async () => {
    const { open, folder, path } = storeFolder();
    const store = open();
    const secret = 'a marker that nobody should read';
    const vote = voteOf('ben', { note: secret });
    await store.create(
      draftOf('a', { args: { note: secret }, shown: secret, reason: secret }),
      'a',
    );
    await store.create(draftOf('b', { requirements: TWO }), 'b');
    await store.edit('b', editBy('ben', { note: secret }, { shown: secret }), 1);
    await store.vote('a', vote, 1);
    await store.grants?.add(grantOf('g', { shown: { note: secret } }));
    const files = readdirSync(folder).map((name) => join(folder, name));
    expect(files.length).toBeGreaterThan(2);
    for (const file of files) {
      expect(readFileSync(file).includes(secret)).toBe(false);
      expect(statSync(file).mode.toString(8).slice(-3)).toBe('600');
    }
    store.close();
    const other = Buffer.alloc(32, 1);
    expect(() => sqliteApprovals(path, { key: other })).toThrow(
      expect.objectContaining({
        code: 'approval_store_error',
        message: expect.stringContaining('another key') as unknown,
      }),
    );
    expect(open().get('a')).toMatchObject({ reason: secret });
  });

  it('lets nobody guess short arguments who has no key', async () => {
    const { open, folder } = storeFolder();
    const store = open();
    const keys: string[] = [];
    const { ask } = server({
      ...store,
      create: (draft, key) => {
        keys.push(key);
        return store.create(draft, key);
      },
    });
    const asked = (await store.get(await ask()))?.bindings.digest ?? '';
    await store.create(draftOf('b', { requirements: TWO }), 'b');
    const { vote, ...edit } = editBy('ben', { cents: 2 });
    await store.edit('b', { vote, ...edit }, 1);
    await store.grants?.add(grantOf('g'));
    const plain = [
      asked,
      BINDINGS.digest,
      vote.digest,
      ...Object.values(grantOf('g').where),
      ...keys,
    ];
    expect(plain).toHaveLength(5);
    for (const file of readdirSync(folder)) {
      const bytes = readFileSync(join(folder, file));
      for (const text of plain) {
        const hex = text.replace(/^.*:/, '');
        expect(hex).toMatch(/^[0-9a-f]{64}$/);
        expect(bytes.includes(hex)).toBe(false);
        expect(bytes.includes(Buffer.from(hex, 'hex'))).toBe(false);
      }
    }
    expect(await store.list({ digest: vote.digest })).toMatchObject([{ aid: 'b' }]);
    expect(await store.list({ digest: BINDINGS.digest })).toEqual([]);
    expect(await store.find(keys[0] ?? '')).toMatchObject({ bindings: { digest: asked } });
  });

  it('is found by nothing that another store of the same key has, too', async () => {
    const { open, folder, key, path } = storeFolder();
    const elsewhere = join(folder, 'staging.db');
    const staging = sqliteApprovals(elsewhere, { key });
    for (const store of [open(), staging]) await store.create(draftOf('a'), 'a');
    staging.close();
    const [one, other] = [path, elsewhere].map((file) => {
      const database = new DatabaseSync(file);
      const row = database.prepare('SELECT key, digest FROM approval').get();
      database.close();
      return row;
    });
    expect(one?.['digest']).not.toBe(other?.['digest']);
    expect(one?.['key']).not.toBe(other?.['key']);
  });
});

interface Kept {
  readonly name: string;
  readonly open: (folder: string) => AuditLog;
}

const { key, signingKey } = createAuditKeys();
const LOGS: readonly Kept[] = [
  { name: 'in memory', open: () => memoryAudit() },
  { name: 'in files', open: (folder) => fileAudit(join(folder, 'log'), { key, signingKey }) },
  { name: 'in SQLite', open: (folder) => sqliteAudit(join(folder, 'log.db'), { key, signingKey }) },
  {
    name: 'that answers later',
    open() {
      const log = memoryAudit();
      return { ...log, query: async (filter) => log.query(filter) };
    },
  },
];

describe.each(LOGS)('a restored backup beside a log $name', ({ open: openLog }) => {
  it('whose approval was used meanwhile is refused, and its call does not run again', async () => {
    const { open, folder, path } = storeFolder();
    const audit = openLog(folder);
    const first = open();
    const before = server(first, { audit });
    const aid = await before.ask();
    await approve(first, aid);
    first.close();
    copyFileSync(path, `${path}.backup`);
    const second = open({ audit });
    const now = server(second, { audit });
    await now.resume(aid);
    expect(now.runs).toHaveLength(1);
    second.close();
    copyFileSync(`${path}.backup`, path);
    const refused = await codeOf(async () => {
      const restored = open({ audit });
      await restored.get(aid);
      const again = server(restored, { audit });
      await again.resume(aid);
      expect(again.runs).toEqual([]);
    });
    expect(refused).toBe('approval_rolled_back');
    await audit.close?.();
  });

  it('that does not know what was used meanwhile is refused', async () => {
    const { open, folder, path } = storeFolder();
    const audit = openLog(folder);
    const first = open();
    await server(first, { audit }).ask();
    first.close();
    copyFileSync(path, `${path}.backup`);
    const second = open();
    const later = server(second, { audit, context: { principal: { id: 'eva', tenant: 'acme' } } });
    const aid = await later.ask();
    await approve(second, aid);
    await later.resume(aid);
    expect(later.runs).toHaveLength(1);
    second.close();
    copyFileSync(`${path}.backup`, path);
    expect(await codeOf(async () => open({ audit }).list({}))).toBe('approval_rolled_back');
    await audit.close?.();
  });

  it('that has what the log says was used is opened', async () => {
    const { open, folder } = storeFolder();
    const audit = openLog(folder);
    const store = open();
    const { ask, resume, guard } = server(store, { audit });
    const used = await ask();
    const waiting = server(store, { audit, context: { session: 's2' } });
    const still = await waiting.ask();
    await approve(store, used);
    await resume(used);
    store.close();
    const again = open({ audit });
    expect(await again.get(still)).toMatchObject({ state: 'pending' });
    expect(await again.get(used)).toMatchObject({ state: 'consumed' });
    await guard.close();
    await audit.close?.();
  });

  it('brings no grant back that was revoked meanwhile', async () => {
    const { open, folder, path } = storeFolder();
    const audit = openLog(folder);
    const first = open();
    await first.grants?.add(grantOf('kept', { expiresMs: 3_600_000 }));
    await first.grants?.add(grantOf('revoked', { expiresMs: 3_600_000 }));
    first.close();
    copyFileSync(path, `${path}.backup`);
    const second = open();
    const inbox = approvalInbox({ approvals: second, audit });
    await inbox.revoke('revoked', { id: 'ben', tenant: 'acme' });
    second.close();
    copyFileSync(`${path}.backup`, path);
    const standing = await open({ audit }).grants?.list({});
    expect(standing?.map(({ gid }) => gid)).toEqual(['kept']);
    await audit.close?.();
  });

  it('is found among thousands of entries', async () => {
    const { open, folder, path } = storeFolder();
    const audit = openLog(folder);
    const first = open();
    const aid = await server(first, { audit }).ask();
    await approve(first, aid);
    first.close();
    copyFileSync(path, `${path}.backup`);
    const entry = { kind: 'decision', action: 'tool.allow', actor: 'guard' } as const;
    await Promise.all(Array.from({ length: 2500 }, async () => audit.append(entry)));
    const second = open();
    const late = server(second, { audit });
    await late.resume(aid);
    expect(late.runs).toHaveLength(1);
    second.close();
    copyFileSync(`${path}.backup`, path);
    expect(await codeOf(async () => open({ audit }).list({}))).toBe('approval_rolled_back');
    await audit.close?.();
  });
});
