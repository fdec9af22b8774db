import type {
  Approval,
  ApprovalBindings,
  ApprovalFilter,
  ApprovalResult,
  ApprovalState,
  ApprovalStore,
  GrantStore,
  MemoryApprovalsOptions,
} from '@guardstile/core';
import { canonical, digest, memoryApprovals } from '@guardstile/core';
import * as fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';

import {
  ARGS,
  BINDINGS,
  CONFIRM,
  draftOf,
  editBy,
  grantOf,
  RIGHT,
  TWO,
  voteOf,
  WRONG,
} from '../approvals/draft.ts';
import { HOSTILE } from '../approvals/hostile.ts';
import { plain } from '../approvals/plain.ts';
import { outcomeOf, steps, type Steps } from '../approvals/steps.ts';

/** A store that may have to be closed. */
export type OpenStore = ApprovalStore & { close?(): void };

/** What a store supplies to be tested. */
export interface ApprovalStoreHarness {
  readonly name: string;
  /** A new, empty store. */
  readonly open: (options: MemoryApprovalsOptions) => OpenStore;
  /** Whether it keeps the arguments, or leaves them to whoever resumes. */
  readonly keepsArgs: boolean;
  /** Whether it tells of changes. */
  readonly subscribes: boolean;
  /** How many random sequences of commands it is compared with the one in memory on. */
  readonly runs: number;
}

type Filter = ApprovalFilter;

/** What every store of approvals has to do, wherever it keeps them. */
export function testApprovalStore(harness: ApprovalStoreHarness): void {
  const opened: OpenStore[] = [];

  afterEach(() => {
    for (const store of opened.splice(0)) store.close?.();
  });

  function storeAt(start = 0, options: MemoryApprovalsOptions = {}) {
    let now = start;
    const store = harness.open({ clock: () => now, ...options });
    opened.push(store);
    return {
      store,
      pass: (ms: number) => {
        now += ms;
      },
      create: async (aid: string, more: Parameters<typeof draftOf>[1] = {}, key = aid) =>
        store.create(draftOf(aid, more), key),
      state: async (aid: string) => (await store.get(aid))?.state,
      list: async (filter: Filter) => (await store.list(filter)).map(({ aid }) => aid),
    };
  }

  function grantsOf(store: ApprovalStore): GrantStore {
    if (store.grants === undefined) throw new Error('the store keeps no grants');
    return store.grants;
  }

  describe(harness.name, () => {
    describe('an approval', () => {
      it('goes from pending through approved to consumed, with a new version each time', async () => {
        const { store, create } = storeAt(5);
        expect(await create('a')).toMatchObject({
          state: 'pending',
          votes: [],
          version: 1,
          createdAt: 5,
          expiresAt: 1005,
        });
        expect(await store.vote('a', voteOf('ann'), 1)).toMatchObject({
          ok: true,
          approval: { state: 'approved', version: 2, votes: [{ voter: 'ann' }] },
        });
        expect(await store.consume('a', 'claim-1', BINDINGS)).toMatchObject({
          ok: true,
          approval: { state: 'consumed', version: 3 },
        });
      });

      it('is kept as it was drafted, arguments with what JSON lacks included', async () => {
        const { store, create } = storeAt();
        const { args, ...rest } = draftOf('a');
        await create('a');
        const kept = (await store.get('a')) as Approval;
        expect(kept).toMatchObject(rest);
        expect(kept.args).toEqual(harness.keepsArgs ? args : undefined);
        if (harness.keepsArgs) expect(canonical(kept.args)).toBe(canonical(ARGS));
      });

      it('is not changed by whoever changes what the store answered', async () => {
        const { store, create } = storeAt();
        const spoil = (what: unknown): void => {
          try {
            Object.assign(what as object, { state: 'approved', votes: [voteOf('ann')] });
          } catch {
            // Frozen, which is as good.
          }
        };
        spoil(await create('a'));
        spoil(await store.get('a'));
        spoil((await store.list({}))[0]);
        expect(await store.get('a')).toMatchObject({ state: 'pending', votes: [] });
      });

      it('is consumed once: the same claim finds its own consume again, any other is a replay', async () => {
        const { store, create } = storeAt();
        await create('a');
        await store.vote('a', voteOf('ann'), 1);
        const first = await store.consume('a', 'claim-1', BINDINGS);
        expect(await store.consume('a', 'claim-1', BINDINGS)).toEqual(first);
        const other = { ...BINDINGS, digest: WRONG };
        expect(await store.consume('a', 'claim-1', other)).toEqual(refused('consumed'));
        for (const claim of ['claim-2', '', 'claim-1 ']) {
          expect(await store.consume('a', claim, BINDINGS)).toEqual(refused('consumed'));
        }
      });

      it('is consumed once by many at once', async () => {
        const { store, create } = storeAt();
        await create('a');
        await store.vote('a', voteOf('ann'), 1);
        const claims = Array.from({ length: 20 }, (_, n) => `claim-${n}`);
        const results = await Promise.all(
          claims.map(async (claim) => store.consume('a', claim, BINDINGS)),
        );
        expect(results.filter(({ ok }) => ok)).toHaveLength(1);
      });

      it.each<readonly [string, Partial<ApprovalBindings>]>([
        ['tenant', { tenant: 'evil' }],
        ['principal', { principal: 'eve' }],
        ['session', { session: 's2' }],
        ['agent', { agent: 'bot' }],
        ['tool', { tool: { source: 'mcp', name: 'pay' } }],
        ['tool digest', { tool: { source: 'app', name: 'pay', digest: digest('tool', 1) } }],
        ['arguments', { digest: WRONG }],
      ])('is not consumed for another %s', async (_, more) => {
        const { store, create, state } = storeAt();
        await create('a');
        await store.vote('a', voteOf('ann'), 1);
        const result = await store.consume('a', 'claim', { ...BINDINGS, ...more });
        expect(result).toEqual(refused('mismatch'));
        expect(await state('a')).toBe('approved');
      });

      it('is not consumed without the votes it needs, nor without existing', async () => {
        const { store, create } = storeAt();
        await create('a');
        expect(await store.consume('a', 'claim', BINDINGS)).toEqual(refused('pending'));
        expect(await store.consume('b', 'claim', BINDINGS)).toEqual(refused('unknown'));
      });

      it('takes a vote only on the version that the voter saw, and for the arguments they saw', async () => {
        const { store, create, state } = storeAt();
        await create('a', { requirements: TWO });
        expect(await store.vote('a', voteOf('ben'), 7)).toEqual(refused('conflict'));
        const other = voteOf('ben', { digest: WRONG });
        expect(await store.vote('a', other, 1)).toEqual(refused('mismatch'));
        expect(await store.vote('a', voteOf('ben'), 1)).toMatchObject({ ok: true });
        expect(await store.vote('a', voteOf('cas'), 1)).toEqual(refused('conflict'));
        expect(await state('a')).toBe('pending');
        expect(await store.vote('a', voteOf('cas'), 2)).toMatchObject({ ok: true });
        expect(await store.vote('a', voteOf('cas'), 3)).toEqual(refused('conflict'));
        expect(await state('a')).toBe('approved');
      });

      it('loses no vote of two that come at once: one of them is told to look again', async () => {
        const { store, create } = storeAt();
        await create('a', { requirements: TWO });
        const results = await Promise.all(
          ['ben', 'cas'].map(async (voter) => store.vote('a', voteOf(voter), 1)),
        );
        expect(results.filter(({ ok }) => ok)).toHaveLength(1);
        expect((await store.get('a'))?.votes).toHaveLength(1);
      });

      it('counts people: the same one twice, the requester and a stranger are too few', async () => {
        const { store, create, state } = storeAt();
        await create('a', { requirements: TWO });
        const voters = ['ben', 'ben', 'ann', 'eve', 'role:boss'];
        for (const [i, voter] of voters.entries()) await store.vote('a', voteOf(voter), i + 1);
        expect(await state('a')).toBe('pending');
        await store.vote('a', voteOf('dan', { roles: ['boss'] }), voters.length + 1);
        expect(await state('a')).toBe('approved');
      });

      it('is denied by one denial, and by a verdict that nobody knows', async () => {
        const { store, create, state } = storeAt();
        await create('a', { requirements: TWO });
        await store.vote('a', voteOf('ben'), 1);
        await store.vote('a', voteOf('eve', { verdict: 'deny', note: 'no' }), 2);
        await create('b');
        await store.vote('b', voteOf('ann', { verdict: 'perhaps' as never }), 1);
        expect([await state('a'), await state('b')]).toEqual(['denied', 'denied']);
        expect(await store.vote('a', voteOf('cas'), 3)).toEqual(refused('denied'));
        expect(await store.consume('a', 'claim', BINDINGS)).toEqual(refused('denied'));
      });

      it('can be called off while it is open, and only then', async () => {
        const { store, create, state } = storeAt();
        await create('a');
        expect(await store.cancel('a')).toMatchObject({ ok: true });
        expect(await state('a')).toBe('cancelled');
        expect(await store.cancel('a')).toEqual(refused('cancelled'));
        expect(await store.cancel('b')).toEqual(refused('unknown'));
        expect(await store.vote('a', voteOf('ann'), 2)).toEqual(refused('cancelled'));
      });
    });

    describe('time', () => {
      it('ends what is open, approved or not, when it is over and not before', async () => {
        const { store, create, pass, state } = storeAt();
        await create('pending');
        await create('approved');
        await store.vote('approved', voteOf('ann'), 1);
        pass(999);
        expect([await state('pending'), await state('approved')]).toEqual(['pending', 'approved']);
        pass(1);
        expect(await store.vote('pending', voteOf('ann'), 1)).toEqual(refused('expired'));
        expect(await store.consume('approved', 'claim', BINDINGS)).toEqual(refused('expired'));
        expect(await store.cancel('pending')).toEqual(refused('expired'));
      });

      it('ends what nobody looks at, too', async () => {
        const { create, pass, list } = storeAt();
        await create('a');
        pass(1000);
        await create('b');
        expect(await list({ state: 'pending' })).toEqual(['b']);
        expect(await list({ state: 'expired' })).toEqual(['a']);
      });

      it('lets a parked ask wait for a late answer, which can be used as long as any', async () => {
        const { store, create, pass, state } = storeAt();
        await create('a', { requirements: { ...CONFIRM, onExpiry: 'park' } });
        pass(5000);
        expect(await store.get('a')).toMatchObject({
          state: 'pending',
          version: 1,
          expiresAt: 6000,
        });
        expect(await store.vote('a', voteOf('ann'), 1)).toMatchObject({ ok: true });
        pass(999);
        expect(await state('a')).toBe('approved');
        pass(1);
        expect(await state('a')).toBe('expired');
      });

      it('that is over at once keeps nobody from looking, and leaves room for others', async () => {
        const { create, list } = storeAt(0, { maxPending: 1 });
        await create('parked', { expiresMs: 0, requirements: { ...CONFIRM, onExpiry: 'park' } });
        expect(await list({})).toEqual(['parked']);
        await expect(create('other')).rejects.toMatchObject({ code: 'approval_limit' });
        const { create: createOther, list: listOther } = storeAt(0, { maxPending: 1 });
        await createOther('over', { expiresMs: 0 });
        await createOther('next', { expiresMs: -5 });
        expect(await listOther({ state: 'expired' })).toEqual(['over', 'next']);
      });

      it('lets others answer an escalated ask, once, for the same time again', async () => {
        const { store, create, pass, state } = storeAt();
        const votes = [{ kind: 'approvers', by: ['ben'], quorum: 1 }] as const;
        const requirements = {
          ...CONFIRM,
          votes,
          onExpiry: 'escalate',
          escalateTo: ['dan'],
        } as const;
        await create('a', { requirements });
        await create('b', { requirements });
        pass(1000);
        expect(await store.get('a')).toMatchObject({
          state: 'pending',
          escalated: true,
          expiresAt: 2000,
          version: 2,
        });
        expect(await store.vote('a', voteOf('dan'), 2)).toMatchObject({
          approval: { state: 'approved' },
        });
        pass(1000);
        expect([await state('a'), await state('b')]).toEqual(['expired', 'expired']);
      });
    });

    describe('an edit', () => {
      it('makes other arguments, for which only the vote of who made them counts', async () => {
        const { store, create, state } = storeAt();
        await create('a', { requirements: TWO });
        await store.vote('a', voteOf('ben'), 1);
        const edit = editBy('cas', { cents: 2 });
        expect(await store.edit('a', edit, 2)).toMatchObject({
          ok: true,
          approval: {
            state: 'pending',
            version: 3,
            edited: { of: RIGHT, fields: { cents: 2 } },
            shown: { cents: 2, note: 'for lunch' },
            bindings: { ...BINDINGS, digest: edit.vote.digest },
            votes: [{ voter: 'cas' }],
          },
        });
        expect(await store.vote('a', voteOf('ben'), 3)).toEqual(refused('mismatch'));
        await store.vote('a', voteOf('ben', { digest: edit.vote.digest }), 3);
        expect(await state('a')).toBe('approved');
        expect(await store.consume('a', 'claim', BINDINGS)).toEqual(refused('mismatch'));
        const bindings = { ...BINDINGS, digest: edit.vote.digest };
        expect(await store.consume('a', 'claim', bindings)).toMatchObject({ ok: true });
      });

      it('is found by its digest and not by the one before', async () => {
        const { store, create, list } = storeAt();
        await create('a', { requirements: TWO });
        const edit = editBy('cas', { cents: 2 });
        await store.edit('a', edit, 1);
        expect(await list({ digest: edit.vote.digest })).toEqual(['a']);
        expect(await list({ digest: RIGHT })).toEqual([]);
      });

      it.each([
        ['of a field that may not be changed', editBy('ben', { since: 1 })],
        ['of a prototype key', editBy('ben', JSON.parse('{"__proto__":1}') as object as never)],
        ['of other arguments', editBy('ben', { cents: 2 }, { edited: { of: WRONG, fields: {} } })],
        ['that names another digest', editBy('ben', { cents: 2 }, { vote: voteOf('ben') })],
        [
          'that denies',
          editBy(
            'ben',
            { cents: 2 },
            { vote: { ...editBy('ben', { cents: 2 }).vote, verdict: 'deny' } },
          ),
        ],
      ])('%s changes nothing', async (_, edit) => {
        const { store, create } = storeAt();
        const before = await create('a', { requirements: TWO });
        expect(await store.edit('a', edit, 1)).toEqual(refused('mismatch'));
        expect(plain(await store.get('a'))).toEqual(plain(before));
      });

      it('comes too late for another version, and for what is settled or unknown', async () => {
        const { store, create } = storeAt();
        const edit = editBy('ben', { cents: 2 });
        await create('a', { requirements: TWO });
        expect(await store.edit('a', edit, 2)).toEqual(refused('conflict'));
        await store.cancel('a');
        expect(await store.edit('a', edit, 2)).toEqual(refused('cancelled'));
        expect(await store.edit('b', edit, 1)).toEqual(refused('unknown'));
      });
    });

    describe('a key', () => {
      it('finds what was created under it, and creates nothing twice', async () => {
        const { store, create } = storeAt();
        const first = await create('a', {}, 'key');
        expect(await create('b', {}, 'key')).toEqual(first);
        expect(await store.find('key')).toEqual(first);
        expect(await store.get('b')).toBeUndefined();
        expect(await store.find('other')).toBeUndefined();
      });

      it('creates one, however many ask at once', async () => {
        const { store, list } = storeAt();
        const aids = Array.from({ length: 10 }, (_, n) => `a${n}`);
        const created = await Promise.all(
          aids.map(async (aid) => store.create(draftOf(aid), 'key')),
        );
        const found = await store.find('key');
        expect(new Set(created.map(({ aid }) => aid))).toEqual(new Set([found?.aid]));
        expect(await list({ state: 'pending' })).toEqual([found?.aid]);
      });

      it.each<readonly [ApprovalState, boolean]>([
        ['approved', false],
        ['denied', false],
        ['consumed', false],
        ['cancelled', true],
        ['expired', true],
      ])('whose approval is %s may be asked again: %s', async (state, again) => {
        const { store, create, pass } = storeAt();
        await create('a', {}, 'key');
        if (state === 'approved' || state === 'consumed') await store.vote('a', voteOf('ann'), 1);
        if (state === 'consumed') await store.consume('a', 'claim', BINDINGS);
        if (state === 'denied') await store.vote('a', voteOf('ann', { verdict: 'deny' }), 1);
        if (state === 'cancelled') await store.cancel('a');
        if (state === 'expired') pass(1000);
        expect((await create('b', {}, 'key')).aid).toBe(again ? 'b' : 'a');
        expect((await store.find('key'))?.aid).toBe(again ? 'b' : 'a');
      });
    });

    describe('a cap', () => {
      const of = (tenant: string, principal: string, session: string) => ({
        bindings: { ...BINDINGS, tenant, principal, session },
      });

      it('bounds how many are open, and makes room when they settle or expire', async () => {
        const { store, create, pass } = storeAt(0, { maxPending: 2 });
        await create('a');
        await create('b');
        await expect(create('c')).rejects.toMatchObject({ code: 'approval_limit' });
        await store.cancel('a');
        await create('d');
        await store.vote('d', voteOf('ann'), 1);
        await expect(create('e')).rejects.toMatchObject({ code: 'approval_limit' });
        await store.consume('d', 'claim', BINDINGS);
        await create('e');
        pass(1000);
        await create('f');
        await create('g');
        await expect(create('h')).rejects.toMatchObject({ code: 'approval_limit' });
        expect(await store.get('h')).toBeUndefined();
        expect(await store.find('h')).toBeUndefined();
      });

      it('of a tenant leaves the others room', async () => {
        const { create } = storeAt(0, { maxPendingPerTenant: 1 });
        await create('a', of('t1', 'ann', 's1'));
        await expect(create('b', of('t1', 'ben', 's2'))).rejects.toMatchObject({
          code: 'approval_limit',
        });
        await create('c', of('t2', 'ann', 's1'));
      });

      it('of a session is that of one principal of one tenant', async () => {
        const { create } = storeAt(0, { maxPendingPerSession: 1 });
        await create('a', of('t1', 'ann', 's1'));
        await expect(create('b', of('t1', 'ann', 's1'))).rejects.toMatchObject({
          code: 'approval_limit',
        });
        await create('c', of('t1', 'ben', 's1'));
        await create('d', of('t2', 'ann', 's1'));
        await create('e', of('t1', 'ann', 's2'));
      });

      it('does not refuse what is open already under the same key', async () => {
        const { create } = storeAt(0, { maxPending: 1 });
        await create('a', {}, 'key');
        expect(await create('b', {}, 'key')).toMatchObject({ aid: 'a' });
      });
    });

    describe('a list', () => {
      it('is in order of creation, page by page', async () => {
        const { create, list } = storeAt();
        for (const aid of ['d', 'b', 'e', 'a']) await create(aid);
        expect(await list({})).toEqual(['d', 'b', 'e', 'a']);
        expect(await list({ limit: 2 })).toEqual(['d', 'b']);
        expect(await list({ after: 'b', limit: 1 })).toEqual(['e']);
        expect(await list({ after: 'a' })).toEqual([]);
        expect(await list({ after: 'nobody' })).toEqual([]);
        expect(await list({ limit: 0 })).toEqual([]);
        expect(await list({ limit: -1 })).toEqual([]);
        expect(await list({ limit: Number.NaN })).toEqual([]);
        expect(await list({ limit: Infinity })).toHaveLength(4);
      });

      it('is found by every field and by all of them', async () => {
        const { store, create, list } = storeAt();
        const more = (bindings: Partial<ApprovalBindings>) => ({
          bindings: { ...BINDINGS, ...bindings },
        });
        await create('plain');
        await create('tenant', more({ tenant: 'other' }));
        await create('principal', more({ principal: 'eve' }));
        await create('session', more({ session: 's2' }));
        await create('tool', more({ tool: { source: 'app', name: 'mail' } }));
        await create('digest', more({ digest: WRONG }));
        await create('nobody', { bindings: { tool: BINDINGS.tool, digest: RIGHT } });
        await store.vote('plain', voteOf('ann'), 1);
        expect(await list({ tenant: 'other' })).toEqual(['tenant']);
        expect(await list({ principal: 'eve' })).toEqual(['principal']);
        expect(await list({ session: 's2' })).toEqual(['session']);
        expect(await list({ tool: 'mail' })).toEqual(['tool']);
        expect(await list({ digest: WRONG })).toEqual(['digest']);
        expect(await list({ state: 'approved' })).toEqual(['plain']);
        const all = { tenant: 'acme', principal: 'ann', session: 's1', tool: 'pay', digest: RIGHT };
        expect(await list(all)).toEqual(['plain']);
        expect(await list({ ...all, state: 'pending' })).toEqual([]);
        expect(await list({ tenant: 'acme', state: 'pending', limit: 2 })).toEqual([
          'principal',
          'session',
        ]);
      });

      it('has a hundred where nobody says how many', async () => {
        const { create, list } = storeAt();
        const few = { bindings: { tool: BINDINGS.tool, digest: RIGHT } };
        for (let n = 0; n < 101; n += 1) await create(`a${n}`, few);
        expect(await list({})).toHaveLength(100);
      });
    });

    describe('hostile text', () => {
      it.each(HOSTILE)('%s is kept as it is, and found by itself only', async (_, text) => {
        const { store, create, list } = storeAt();
        const bindings = {
          tenant: text,
          principal: text,
          session: text,
          agent: text,
          tool: { source: text, name: text },
          digest: RIGHT,
        };
        await create('other');
        const draft = draftOf(`aid ${text}`, {
          bindings,
          rid: text,
          call: text,
          shown: { [text]: text },
          args: { [text]: text },
          hidden: [text],
          reason: text,
          rule: text,
          labels: [text],
        });
        await store.create(draft, `key ${text}`);
        const kept = await store.get(draft.aid);
        const without = harness.keepsArgs ? [] : ['args'];
        expect(plain(kept)).toMatchObject(plain(draft, without) as object);
        expect(canonical(kept?.bindings)).toBe(canonical(bindings));
        expect((await store.find(`key ${text}`))?.aid).toBe(draft.aid);
        for (const field of ['tenant', 'principal', 'session'] as const) {
          expect(await list({ [field]: text })).toEqual([draft.aid]);
        }
        expect(await list({ tool: text })).toEqual([draft.aid]);
        expect(await list({ after: draft.aid })).toEqual([]);
        const vote = voteOf(text, { note: text, channel: text, roles: [text] });
        expect(await store.vote(draft.aid, vote, 1)).toMatchObject({ ok: true });
        expect(await store.consume(draft.aid, text, BINDINGS)).toEqual(refused('mismatch'));
        expect(await store.consume(draft.aid, text, bindings)).toMatchObject({ ok: true });
        expect(await store.consume(draft.aid, `${text} `, bindings)).toEqual(refused('consumed'));
      });

      it('never makes two of these one', async () => {
        const { create, list, store } = storeAt();
        const texts = HOSTILE.map(([, text]) => text);
        for (const text of texts) {
          await create(text, { bindings: { ...BINDINGS, session: text } });
        }
        for (const text of texts) {
          expect((await store.get(text))?.aid).toBe(text);
          expect(await list({ session: text })).toEqual([text]);
        }
      });

      it('a note of a megabyte is kept, and a vote without a prototype lends nothing', async () => {
        const { store, create } = storeAt();
        await create('a', { requirements: TWO });
        const note = 'no '.repeat(350_000);
        const bare = Object.assign(Object.create(null) as object, voteOf('ben', { note }));
        await store.vote('a', bare, 1);
        const [vote] = (await store.get('a'))?.votes ?? [];
        expect(vote?.note === note).toBe(true);
        expect(Object.getPrototypeOf(vote)).toBe(null);
      });
    });

    describe('a grant', () => {
      const gids = async (
        store: ApprovalStore,
        filter: Parameters<GrantStore['list']>[0],
      ): Promise<readonly string[]> => (await grantsOf(store).list(filter)).map(({ gid }) => gid);

      it('is kept as it was drafted, once', async () => {
        const { store } = storeAt(5);
        const grants = grantsOf(store);
        const draft = grantOf('g');
        const kept = await grants.add(draft);
        expect(kept).toMatchObject({ ...draft, createdAt: 5, expiresAt: 1005 });
        expect(await grants.add(grantOf('g', { principal: 'eve' }))).toEqual(kept);
        expect(await grants.list({})).toEqual([kept]);
      });

      it('stands until its time is over', async () => {
        const { store, pass } = storeAt();
        await grantsOf(store).add(grantOf('g'));
        pass(999);
        expect(await gids(store, {})).toEqual(['g']);
        pass(1);
        expect(await gids(store, {})).toEqual([]);
        expect(await gids(store, { ended: true })).toEqual(['g']);
      });

      it('is revoked once, and stays to be looked up', async () => {
        const { store, pass } = storeAt();
        await grantsOf(store).add(grantOf('g'));
        const revoked = await grantsOf(store).revoke('g');
        expect(revoked).toMatchObject({ gid: 'g', revokedAt: 0 });
        pass(1);
        expect(await grantsOf(store).revoke('g')).toEqual(revoked);
        expect(await gids(store, {})).toEqual([]);
        expect(await gids(store, { ended: true })).toEqual(['g']);
        expect(await grantsOf(store).revoke('nobody')).toBeUndefined();
        expect(await grantsOf(store).add(grantOf('g'))).toEqual(revoked);
      });

      it('is found by tenant, principal and tool, page by page in order of creation', async () => {
        const { store } = storeAt();
        const tool = { source: 'app', name: 'mail' };
        const { tenant: _, principal: __, ...nobody } = grantOf('nobody');
        await grantsOf(store).add(grantOf('z'));
        await grantsOf(store).add(grantOf('tenant', { tenant: 'other' }));
        await grantsOf(store).add(grantOf('principal', { principal: 'eve' }));
        await grantsOf(store).add(grantOf('tool', { tool }));
        await grantsOf(store).add(nobody);
        expect(await gids(store, { tenant: 'other' })).toEqual(['tenant']);
        expect(await gids(store, { principal: 'eve' })).toEqual(['principal']);
        expect(await gids(store, { tool: 'mail' })).toEqual(['tool']);
        const mine = { tenant: 'acme', principal: 'ann', tool: 'pay' };
        expect(await gids(store, mine)).toEqual(['z']);
        expect(await gids(store, { limit: 2 })).toEqual(['z', 'tenant']);
        expect(await gids(store, { after: 'tenant', limit: 1 })).toEqual(['principal']);
        expect(await gids(store, { after: 'unheard-of' })).toEqual([]);
        expect(await gids(store, { limit: 0 })).toEqual([]);
      });

      it.each(HOSTILE)('with %s is found by itself only', async (_, text) => {
        const { store } = storeAt();
        await grantsOf(store).add(grantOf('other'));
        const tool = { source: text, name: text };
        const fields = { tenant: text, principal: text, tool };
        const kept = await grantsOf(store).add(
          grantOf(`gid ${text}`, { ...fields, rules: [text] }),
        );
        for (const filter of [{ tenant: text }, { principal: text }, { tool: text }]) {
          expect(await grantsOf(store).list(filter)).toEqual([kept]);
        }
      });
    });

    if (harness.subscribes) {
      it('tells subscribers of every change, whatever they do, until they leave', async () => {
        const { store, create, pass, state } = storeAt();
        const heard: unknown[] = [];
        const leaveToo = store.subscribe?.(() => {
          throw new Error('broken');
        });
        const leave = store.subscribe?.((aid) => heard.push(aid));
        await create('a');
        expect(await store.vote('a', voteOf('ann'), 1)).toMatchObject({ ok: true });
        expect(await store.vote('a', voteOf('ann'), 1)).toMatchObject({ ok: false });
        pass(1000);
        await state('a');
        leave?.();
        leaveToo?.();
        await create('b');
        expect(heard).toEqual(['a', 'a', 'a']);
      });

      it('tells of a change that is there by then, to whoever looks at once', async () => {
        const { store, create } = storeAt();
        const seen: unknown[] = [];
        const leave = store.subscribe?.((aid) => {
          seen.push(aid === undefined ? undefined : store.get(aid));
        });
        await create('a');
        await store.cancel('a');
        leave?.();
        const states = await Promise.all(seen as Array<Promise<Approval>>);
        expect(states.map(({ state }) => state)).toEqual(['pending', 'cancelled']);
      });
    }

    it('answers what the store in memory answers, whatever is done in whatever order', async () => {
      const one = fc.asyncProperty(steps, async (taken) => compare(harness, taken));
      await fc.assert(one, { numRuns: harness.runs });
    });
  });
}

/** Does the same to both, and compares every answer and what is there in the end. */
async function compare({ open, keepsArgs }: ApprovalStoreHarness, taken: Steps): Promise<void> {
  let now = 0;
  const options = {
    clock: () => now,
    maxPending: 5,
    maxPendingPerTenant: 4,
    maxPendingPerSession: 3,
  };
  const memory = memoryApprovals(options);
  const store = open(options);
  const seen = (value: unknown): unknown => plain(value, keepsArgs ? [] : ['args']);
  try {
    for (const [step, ms] of taken) {
      now += ms;
      const expected = seen(await outcomeOf(memory, step));
      expect(seen(await outcomeOf(store, step))).toEqual(expected);
    }
    expect(seen(await store.list({}))).toEqual(seen(await memory.list({})));
    const ended = { ended: true };
    expect(seen(await store.grants?.list(ended))).toEqual(seen(await memory.grants?.list(ended)));
  } finally {
    store.close?.();
  }
}

function refused(reason: string): ApprovalResult {
  return { ok: false, reason } as ApprovalResult; // compared with one
}
