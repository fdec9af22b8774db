import { createHash, createHmac } from 'node:crypto';
import canonicalize from 'canonicalize';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { AuditDraft, AuditEntry } from './entry.ts';
import { NO_ENTRY } from './entry.ts';
import type { AuditFilter, AuditLog, AuditReceipt, AuditVerification } from './log.ts';
import { memoryAudit, type MemoryAuditOptions } from './memory.ts';
import { verifyChain, verifyEntry } from './verify.ts';

const KEY = 'a key of at least thirty-two bytes!';

/** In memory nothing is waited for. */
interface Sync extends Omit<AuditLog, 'append' | 'query' | 'verify'> {
  append(draft: AuditDraft): AuditReceipt;
  query(filter?: AuditFilter): readonly AuditEntry[];
  verify(): AuditVerification;
}

function log(options: MemoryAuditOptions = {}): Sync {
  let now = 1000;
  return memoryAudit({ key: KEY, clock: () => (now += 1), ...options }) as Sync;
}

const decision = (fields: Partial<AuditDraft> = {}): AuditDraft => ({
  kind: 'decision',
  action: 'tool.allow',
  actor: 'guard',
  ...fields,
});

const application = (fields: Partial<AuditDraft> = {}): AuditDraft => ({
  kind: 'application',
  action: 'user.login',
  actor: 'app',
  ...fields,
});

/** The entries with chain fields computed by other means: `canonicalize` and Node's own crypto. */
function sealedByTheBooks(entries: readonly AuditEntry[]): readonly AuditEntry[] {
  let prev = NO_ENTRY;
  return entries.map(({ hash: _hash, mac: _mac, ...entry }) => {
    const body = canonicalize({ ...entry, prev }) ?? '';
    const hash = createHash('sha256').update(`\0${body}`).digest('hex');
    const mac = createHmac('sha256', KEY).update(`guardstile/audit/v1\n${hash}`).digest('hex');
    const sealed = { ...entry, prev, hash, mac };
    prev = sealed.hash;
    return sealed;
  });
}

describe('a log in memory', () => {
  it('says what it is, also in its first entry', () => {
    const audit = log({ capacity: 5 });
    expect(audit.durability).toBe('memory');
    expect(audit.query()).toMatchObject([
      {
        kind: 'genesis',
        seq: 0,
        prev: NO_ENTRY,
        ts: 1001,
        v: 1,
        payload: { durability: 'memory', capacity: 5 },
      },
    ]);
    expect(audit.verify()).toMatchObject({ ok: true, entries: 1, evicted: 0 });
  });

  it.each(['each', 'batch'] as const)(
    'chains and authenticates every entry, sealing %s',
    (sealing) => {
      const audit = log({ sealing });
      for (let i = 0; i < 5; i += 1)
        audit.append(decision({ rid: `rid_${i}`, ts: 5 } as Partial<AuditDraft>));
      const entries = audit.query();
      expect(entries.map((entry) => entry.seq)).toEqual([0, 1, 2, 3, 4, 5]);
      for (const [i, entry] of entries.entries()) {
        expect(Object.isFrozen(entry)).toBe(true);
        expect(entry.prev).toBe(i === 0 ? NO_ENTRY : entries[i - 1]?.hash);
        expect(verifyEntry(entry, KEY)).toBe(true);
        expect(verifyEntry(entry, 'another key')).toBe(false);
        // As an outsider reads it, from a file.
        expect(verifyEntry(JSON.parse(JSON.stringify(entry)) as AuditEntry, KEY)).toBe(true);
      }
      expect(audit.verify()).toEqual({
        ok: true,
        entries: 6,
        evicted: 0,
        head: entries.at(-1)?.hash,
      });
      expect(verifyChain(entries, KEY)).toEqual(audit.verify());
    },
  );

  it('gives the same entries whether it seals each or in batches, whenever it is read', () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.constant('append' as const) },
      fc.constantFrom('query' as const, 'verify' as const, 'receipt' as const),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.constantFrom('each' as const, 'batch' as const),
        (steps, sealing) => {
          const audit = log({ sealing });
          const receipts: AuditReceipt[] = [];
          for (const [i, one] of steps.entries()) {
            if (one === 'append') receipts.push(audit.append(decision({ rid: `rid_${i}` })));
            else if (one === 'query') audit.query();
            else if (one === 'verify') expect(audit.verify().ok).toBe(true);
            else void receipts[Math.floor(receipts.length / 2)]?.hash;
          }
          const entries = audit.query();
          // What each entry has to be, by the books: the same for both ways of sealing.
          expect(entries).toEqual(sealedByTheBooks(entries));
          expect(receipts.map((receipt) => receipt.hash)).toEqual(
            entries.slice(1).map((entry) => entry.hash),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  it('sealing each, chains to entries that it dropped; in batches, drops what nobody read unsealed', () => {
    const drafts = Array.from({ length: 20 }, (_, i) => decision({ rid: `rid_${i}` }));
    const [whole, each, batch] = [
      log(),
      log({ capacity: 3 }),
      log({ capacity: 3, sealing: 'batch' }),
    ];
    const receipts = drafts.map((draft) => {
      whole.append(draft);
      each.append(draft);
      return batch.append(draft);
    });
    const [first] = each.query();
    const all = whole.query().map((entry) => ({ ...entry, log: first?.log ?? '' }));
    const genesis = { ...(all[0] as AuditEntry), payload: { durability: 'memory', capacity: 3 } };
    expect(each.query()).toEqual(sealedByTheBooks([genesis, ...all.slice(1)]).slice(-3));
    expect(batch.query()[0]).toMatchObject({ seq: 18, prev: NO_ENTRY });
    expect(batch.verify()).toMatchObject({ ok: true, entries: 3, evicted: 18 });
    expect(receipts[0]?.hash).toBe('');
    expect(receipts.at(-1)?.hash).toBe(batch.query().at(-1)?.hash);
  });

  it('keeps the hash of a receipt that was read before its entry was dropped', () => {
    const audit = log({ sealing: 'batch', capacity: 3 });
    const receipt = audit.append(decision({ rid: 'second' }));
    const { hash } = receipt;
    expect(audit.query({ rid: 'second' })[0]?.hash).toBe(hash);
    for (let i = 0; i < 20; i += 1) audit.append(decision());
    expect(receipt).toMatchObject({ hash, seq: 1, durability: 'memory' });
  });

  it('keeps as many entries as it may, says how many it dropped, and still verifies', () => {
    for (const sealing of ['each', 'batch'] as const) {
      for (const capacity of [1, 2, 3, 7]) {
        const audit = log({ capacity, sealing });
        for (let i = 1; i <= 40; i += 1) {
          audit.append(decision({ rid: `rid_${i}` }));
          const kept = Math.min(capacity, i + 1);
          expect(audit.query().map((entry) => entry.seq)).toEqual(
            Array.from({ length: kept }, (_, at) => i + 1 - kept + at),
          );
          expect(audit.verify()).toMatchObject({ ok: true, entries: kept, evicted: i + 1 - kept });
        }
      }
    }
  });

  it('drops what nobody read meanwhile, and its chain still holds', () => {
    const audit = log({ capacity: 10, sealing: 'batch' });
    for (let i = 0; i < 1000; i += 1) audit.append(decision({ rid: `rid_${i}` }));
    expect(audit.verify()).toMatchObject({ ok: true, entries: 10, evicted: 991 });
    expect(audit.query().map((entry) => entry.rid)).toEqual(
      Array.from({ length: 10 }, (_, i) => `rid_${990 + i}`),
    );
  });

  it('fills the chain fields itself, whatever the draft says', () => {
    const audit = log();
    const forged = {
      v: 2,
      log: 'other',
      seq: 99,
      ts: 5,
      prev: 'x',
      hash: 'y',
      mac: 'z',
    } as unknown as Partial<AuditDraft>;
    for (const draft of [decision(forged), application(forged)]) audit.append(draft);
    const entries = audit.query();
    expect(entries.map(({ v, seq, ts }) => [v, seq, ts])).toEqual([
      [1, 0, 1001],
      [1, 1, 1002],
      [1, 2, 1003],
    ]);
    expect(new Set(entries.map((entry) => entry.log)).size).toBe(1);
    expect(audit.verify().ok).toBe(true);
  });

  it('has an id of its own', () => {
    expect(log().append(decision()).log).not.toBe(log().append(decision()).log);
  });

  it('authenticates with a random key where none is given, and with a copy of the one it is given', () => {
    const own = memoryAudit() as Sync;
    expect(own.verify().ok).toBe(true);
    expect(verifyEntry(own.query()[0] as AuditEntry, KEY)).toBe(false);
    const key = new TextEncoder().encode(KEY);
    const audit = log({ key });
    audit.append(decision());
    key.fill(0);
    audit.append(decision());
    expect(audit.verify().ok).toBe(true);
    expect(verifyChain(audit.query(), KEY).ok).toBe(true);
    expect(verifyChain(audit.query(), key).ok).toBe(false);
  });

  it.each<[string, string, unknown]>([
    ['an empty key', 'audit_key_invalid', { key: '' }],
    ['an empty key of bytes', 'audit_key_invalid', { key: new Uint8Array() }],
    ['a key that is a number', 'audit_key_invalid', { key: 5 }],
    ['a key of null', 'options_invalid', null],
    ['room for nothing', 'options_invalid', { capacity: 0 }],
    ['room for half an entry', 'options_invalid', { capacity: 1.5 }],
    ['endless room', 'options_invalid', { capacity: Infinity }],
    ['room for NaN entries', 'options_invalid', { capacity: Number.NaN }],
    ['sealing that nobody knows', 'options_invalid', { sealing: 'never' }],
    ['a misspelt option', 'options_invalid', { secret: KEY }],
    ['redaction that nobody understands', 'options_invalid', { redact: { key: ['x'] } }],
  ])('refuses %s', (_name, code, options) => {
    expect(() => memoryAudit(options as MemoryAuditOptions)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('entries of the application', () => {
  it('are copied, so that they stay as they were', () => {
    for (const sealing of ['each', 'batch'] as const) {
      const audit = log({ sealing });
      const payload = { list: ['a'] };
      const labels = ['x'];
      const draft = { ...application(), payload, labels };
      audit.append(draft);
      payload.list.push('b');
      labels.push('y');
      draft.actor = 'somebody else';
      expect(audit.query({ kind: 'application' })).toMatchObject([
        { actor: 'app', payload: { list: ['a'] }, labels: ['x'] },
      ]);
      expect(audit.verify().ok).toBe(true);
    }
  });

  it('are redacted in all of their fields', () => {
    const audit = log({ redact: { keys: ['iban'], patterns: [/hidden-\d/] } });
    audit.append({
      ...application({
        actor: 'app with sk-abcdefghij1234567890',
        reason: 'Bearer abcdefghij1234567890',
        error: 'hidden-1 failed',
        args: { password: 'x' },
        payload: { user: { apiKey: 'x', iban: 'y' }, note: 'hidden-2', ok: 1 },
      }),
      ...({ token: 'x' } as object),
    });
    const [, entry] = audit.query();
    expect(entry).toMatchObject({
      actor: 'app with [redacted]',
      reason: '[redacted]',
      error: '[redacted] failed',
      args: { password: '[redacted]' },
      payload: { user: { apiKey: '[redacted]', iban: '[redacted]' }, note: '[redacted]', ok: 1 },
      token: '[redacted]',
    });
  });

  it('say who did what, however long their payload is', () => {
    const audit = log();
    const payload = Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`text${i}`, 'x'.repeat(10_000)]),
    );
    audit.append({
      kind: 'application',
      payload,
      action: 'import',
      actor: 'app',
      user: 'alice',
      session: 's1',
    });
    expect(audit.query({ user: 'alice', session: 's1', action: 'import' })).toHaveLength(1);
    expect(JSON.stringify(audit.query()[1]).length).toBeLessThan(100_000);
  });

  it('verify after a way through JSON, whatever they hold', () => {
    const payload = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withNullPrototype: true,
      withSparseArray: true,
    });
    fc.assert(
      fc.property(payload, (value) => {
        const audit = log();
        audit.append(
          application({ payload: value, args: value, reason: undefined as unknown as string }),
        );
        const entries = audit
          .query()
          .map((entry) => JSON.parse(JSON.stringify(entry)) as AuditEntry);
        expect(verifyChain(entries, KEY)).toEqual(audit.verify());
        expect(audit.verify().ok).toBe(true);
      }),
    );
  });

  it('are taken with whatever they hold: an application never fails for its log', () => {
    const audit = log();
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    for (const payload of [
      cyclic,
      () => 1,
      new (class Row {
        id = 1;
      })(),
      Symbol('x'),
      new Error('x'),
      1n << 9999n,
      {
        get a(): unknown {
          throw new Error('no');
        },
      },
    ]) {
      audit.append(application({ payload }));
    }
    expect(audit.verify()).toMatchObject({ ok: true, entries: 8 });
  });
});

describe('a query', () => {
  const audit = log();
  const who = { session: 's1', user: 'alice', tenant: 't1', tool: 'read', rid: 'rid_1' };
  audit.append(decision(who)); // seq 1, ts 1002
  audit.append(decision({ ...who, session: 's2' }));
  audit.append(decision({ ...who, user: 'bob' }));
  audit.append(decision({ ...who, tenant: 't2' }));
  audit.append(decision({ ...who, tool: 'write' }));
  audit.append(decision({ ...who, rid: 'rid_2' }));
  audit.append(decision({ ...who, action: 'tool.deny' }));
  audit.append(application(who)); // seq 8, ts 1009
  const found = (filter?: AuditFilter): readonly number[] =>
    audit.query(filter).map((entry) => entry.seq);

  it.each<[AuditFilter, readonly number[]]>([
    [{}, [0, 1, 2, 3, 4, 5, 6, 7, 8]],
    [{ kind: 'application' }, [8]],
    [{ kind: 'genesis' }, [0]],
    [{ action: 'tool.deny' }, [7]],
    [{ session: 's2' }, [2]],
    [{ user: 'bob' }, [3]],
    [{ tenant: 't2' }, [4]],
    [{ tool: 'write' }, [5]],
    [{ rid: 'rid_2' }, [6]],
    [
      {
        user: 'alice',
        action: 'tool.allow',
        tenant: 't1',
        tool: 'read',
        session: 's1',
        rid: 'rid_1',
      },
      [1],
    ],
    [{ user: 'nobody' }, []],
    [{ since: 1003 }, [2, 3, 4, 5, 6, 7, 8]],
    [{ until: 1003 }, [0, 1]],
    [{ since: 1002, until: 1004 }, [1, 2]],
    [{ since: 1004, until: 1002 }, []],
    [{ after: 6 }, [7, 8]],
    [{ after: 0, limit: 2 }, [1, 2]],
    [{ limit: 0 }, []],
    [{ user: 'alice', after: 1, limit: 2 }, [2, 4]],
    [{ user: undefined }, [0, 1, 2, 3, 4, 5, 6, 7, 8]],
  ])('by %j finds %j', (filter, seqs) => {
    expect(found(filter)).toEqual(seqs);
  });

  it('without a filter finds everything', () => {
    expect(found()).toHaveLength(9);
  });

  it.each(['user_id', 'principal', 'agent', 'payload'])(
    'by %s, which nobody reads, is refused rather than answered with everything',
    (field) => {
      expect(() => audit.query({ [field]: 'x' })).toThrow(
        expect.objectContaining({ code: 'options_invalid' }),
      );
    },
  );

  it('gives entries that nobody can change', () => {
    const [, entry] = audit.query();
    expect(() => Object.assign(entry as object, { user: 'mallory' })).toThrow(TypeError);
    expect(audit.query()[1]?.user).toBe('alice');
  });
});

describe('with a polluted Object.prototype', () => {
  const prototype = Object.prototype as Record<string, unknown>;

  afterEach(() => {
    for (const name of ['key', 'capacity', 'sealing', 'user']) delete prototype[name];
  });

  it('a log takes no key from there', () => {
    prototype['key'] = 'known to the attacker';
    const audit = memoryAudit({}) as Sync;
    const [entry] = audit.query();
    delete prototype['key'];
    expect(verifyEntry(entry as AuditEntry, 'known to the attacker')).toBe(false);
  });

  it('a query takes no filter from there', () => {
    const audit = log();
    prototype['user'] = 'nobody';
    const entries = audit.query({});
    delete prototype['user'];
    expect(entries).toHaveLength(1);
  });
});
