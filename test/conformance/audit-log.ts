import {
  allowAll,
  type AuditDraft,
  type AuditFilter,
  type AuditLog,
  createGuard,
  verifyChain,
} from '@guardstile/core';
import { afterEach, describe, expect, it } from 'vitest';

/** What a log supplies to be tested. */
export interface AuditLogHarness {
  readonly name: string;
  /** The key that `open` passes. */
  readonly key: string;
  /** A new, empty log; `clock` gives milliseconds since 1970. */
  readonly open: (options: { readonly clock: () => number }) => AuditLog;
}

const decision = (more: Partial<AuditDraft> = {}): AuditDraft => ({
  kind: 'decision',
  action: 'tool.allow',
  actor: 'guard',
  ...more,
});

const application = (more: Partial<AuditDraft> = {}): AuditDraft => ({
  kind: 'application',
  action: 'import',
  actor: 'app',
  ...more,
});

/** What every log has to do, whatever it writes to. */
export function testAuditLog({ name, key, open }: AuditLogHarness): void {
  const logs: AuditLog[] = [];

  /** A log whose clock says 1001, 1002 and so on. */
  function opened(): AuditLog {
    let now = 1000;
    const log = open({ clock: () => (now += 1) });
    logs.push(log);
    return log;
  }

  afterEach(async () => {
    for (const log of logs.splice(0)) await log.close?.();
  });

  describe(name, () => {
    it('begins with an entry that says what it is', async () => {
      const log = opened();
      await log.append(decision());
      const [genesis] = await log.query();
      expect(genesis).toMatchObject({ kind: 'genesis', action: 'log.opened', seq: 0 });
      expect(genesis?.payload).toMatchObject({ durability: log.durability });
    });

    it('answers with the place and the hash of the entry, and how durable it is', async () => {
      const log = opened();
      const receipt = await log.append(decision({ rid: 'rid_1' }));
      const [entry] = await log.query({ rid: 'rid_1' });
      expect(receipt).toMatchObject({ seq: 1, durability: log.durability });
      expect([receipt.log, receipt.hash]).toEqual([entry?.log, entry?.hash]);
    });

    it('keeps the order in which entries came, however many come at once', async () => {
      const log = opened();
      const numbers = Array.from({ length: 500 }, (_, n) => n);
      const receipts = await Promise.all(
        numbers.map(async (n) => log.append(decision({ rid: `rid_${n}` }))),
      );
      expect(receipts.map(({ seq }) => seq)).toEqual(numbers.map((n) => n + 1));
      const entries = await log.query({ kind: 'decision' });
      expect(entries.map(({ rid }) => rid)).toEqual(numbers.map((n) => `rid_${n}`));
    });

    it('is a chain that verifies, by itself and entry by entry', async () => {
      const log = opened();
      for (let n = 0; n < 5; n += 1) await log.append(decision({ rid: `rid_${n}` }));
      expect(await log.verify()).toMatchObject({ ok: true, entries: 6, evicted: 0 });
      const entries = await log.query();
      expect(verifyChain(entries, key)).toMatchObject({ ok: true, entries: 6 });
      expect(verifyChain(entries, `${key} of somebody else`).ok).toBe(false);
    });

    it('fills its own fields itself, whatever a draft says', async () => {
      const log = opened();
      const forged = { v: 2, log: 'other', seq: 99, ts: 5, prev: 'x', hash: 'y', mac: 'z' };
      await log.append({ ...decision(), ...forged });
      await log.append({ ...application(), ...forged });
      const entries = await log.query();
      expect(entries.map(({ v, seq, ts }) => [v, seq, ts])).toEqual([
        [1, 0, 1001],
        [1, 1, 1002],
        [1, 2, 1003],
      ]);
      expect(new Set(entries.map((entry) => entry.log)).size).toBe(1);
      expect(await log.verify()).toMatchObject({ ok: true });
    });

    it('redacts what the application appends, and only that', async () => {
      const log = opened();
      await log.append(
        application({ reason: 'Bearer abcdefghij1234567890', payload: { password: 'x', n: 1 } }),
      );
      await log.append(decision({ args: { n: 1 } }));
      const [, own, guards] = await log.query();
      expect(own).toMatchObject({
        reason: '[redacted]',
        payload: { password: '[redacted]', n: 1 },
      });
      expect(guards).toMatchObject({ args: { n: 1 } });
    });

    it('takes whatever the application appends, and keeps it as it was', async () => {
      const log = opened();
      const cyclic: Record<string, unknown> = {};
      cyclic['self'] = cyclic;
      const list = ['a'];
      const payloads: readonly unknown[] = [
        cyclic,
        () => 1,
        Symbol('x'),
        new Error('x'),
        new Date(0),
        12n,
        Number.NaN,
        undefined,
        '\ud800',
        '\0\n\u2028',
        { list },
      ];
      const pending = payloads.map(async (payload) => log.append(application({ payload })));
      list.push('b');
      await Promise.all(pending);
      expect(await log.verify()).toMatchObject({ ok: true, entries: payloads.length + 1 });
      expect((await log.query()).at(-1)).toMatchObject({ payload: { list: ['a'] } });
    });

    describe('a query', () => {
      const who = { session: 's1', user: 'alice', tenant: 't1', tool: 'read', rid: 'rid_1' };

      async function filled(): Promise<AuditLog> {
        const log = opened();
        await log.append(decision(who)); // seq 1, ts 1002
        await log.append(decision({ ...who, session: 's2' }));
        await log.append(decision({ ...who, user: 'bob' }));
        await log.append(decision({ ...who, tenant: 't2' }));
        await log.append(decision({ ...who, tool: 'write' }));
        await log.append(decision({ ...who, rid: 'rid_2' }));
        await log.append(decision({ ...who, action: 'tool.deny' }));
        await log.append(application(who)); // seq 8, ts 1009
        return log;
      }

      it.each<[AuditFilter | undefined, readonly number[]]>([
        [undefined, [0, 1, 2, 3, 4, 5, 6, 7, 8]],
        [{}, [0, 1, 2, 3, 4, 5, 6, 7, 8]],
        [{ kind: 'application' }, [8]],
        [{ action: 'tool.deny' }, [7]],
        [{ session: 's2' }, [2]],
        [{ user: 'bob' }, [3]],
        [{ tenant: 't2' }, [4]],
        [{ tool: 'write' }, [5]],
        [{ rid: 'rid_2' }, [6]],
        [{ ...who, action: 'tool.allow' }, [1]],
        [{ user: 'nobody' }, []],
        [{ since: 1003 }, [2, 3, 4, 5, 6, 7, 8]],
        [{ until: 1003 }, [0, 1]],
        [{ since: 1004, until: 1002 }, []],
        [{ after: 6 }, [7, 8]],
        [{ after: 0, limit: 2 }, [1, 2]],
        [{ limit: 0 }, []],
        [{ user: undefined }, [0, 1, 2, 3, 4, 5, 6, 7, 8]],
        [{ user: 'alice', after: 1, limit: 2 }, [2, 4]],
        [{ limit: Infinity, after: 7 }, [8]],
      ])('by %j finds %j', async (filter, seqs) => {
        const log = await filled();
        expect((await log.query(filter)).map(({ seq }) => seq)).toEqual(seqs);
      });

      it('by a field that nobody reads is refused rather than answered with everything', async () => {
        const log = await filled();
        const query = async (): Promise<unknown> => log.query({ user_id: 'x' } as AuditFilter);
        await expect(query()).rejects.toMatchObject({ code: 'options_invalid' });
      });

      it('takes no filter from a polluted prototype', async () => {
        const log = await filled();
        const prototype = Object.prototype as Record<string, unknown>;
        prototype['user'] = 'nobody';
        try {
          const entries = await log.query({});
          delete prototype['user'];
          expect(entries).toHaveLength(9);
        } finally {
          delete prototype['user'];
        }
      });
    });

    it('holds a guard\u2019s whole story', async () => {
      const log = opened();
      const guard = createGuard({ policy: allowAll(), audit: log, storeTimeoutMs: 60_000 });
      await guard.call({ tool: 'read', args: { file: 'a' } }, () => 'text');
      const entries = await log.query();
      expect(entries.map(({ action }) => action)).toEqual([
        'log.opened',
        'tool.allow',
        'tool.outcome',
      ]);
      expect(await log.verify()).toMatchObject({ ok: true });
    });
  });
}
