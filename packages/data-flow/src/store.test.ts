import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import {
  allowAll,
  type CallContext,
  createGuard,
  type Guard,
  layers,
  type SessionKey,
} from '@guardstile/core';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';

import type { SessionsDataFlow } from './data-flow-options.ts';
import { createDataFlow } from './data-flow.ts';
import { flowPolicy } from './flow-policy.ts';
import type { FlowStore } from './flow-store.ts';
import { sqliteFlowStore } from './sqlite/sqlite-flow-store.ts';
import { sqliteLabels } from './sqlite/sqlite-labels.ts';

const context: CallContext = { principal: { id: 'alice', tenant: 't' }, session: 's1' };
const KEY: SessionKey = { tenant: 't', principal: 'alice', session: 's1' };
const FRIEND = 'GB29NWBK60161331926819';
const ATTACKER = 'US133000000121212121212';

/** A store that takes its time, as a database elsewhere does; all of its users share the records. */
function slowStore(): { readonly records: Map<string, string[]>; readonly open: () => FlowStore } {
  const records = new Map<string, string[]>();
  const of = (key: SessionKey): string[] => {
    const name = JSON.stringify([key.tenant ?? null, key.principal ?? null, key.session ?? null]);
    const own = records.get(name) ?? [];
    records.set(name, own);
    return own;
  };
  const open = (): FlowStore => ({
    name: 'slow',
    append: async (key, record) => of(key).push(record),
    read: async (key, after) => of(key).slice(after),
    end: async (key) => void of(key).splice(0),
  });
  return { records, open };
}

function flowPath(): string {
  const directory = mkdtempSync(join(tmpdir(), 'data-flow-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, 'flow.db');
}

function sqliteStores(): () => FlowStore {
  const path = flowPath();
  return () => {
    const store = sqliteFlowStore(path);
    onTestFinished(() => store.close());
    return store;
  };
}

interface Bank {
  readonly guard: Guard;
  readonly dataFlow: SessionsDataFlow;
  readonly say: (text: string) => Promise<void>;
  readonly list: (result: unknown) => Promise<unknown>;
  readonly add: (to: string) => Promise<unknown>;
  readonly pay: (to: string) => Promise<unknown>;
}

/** One process of many. */
function bank(store: FlowStore, more: { readonly maxSessions?: number } = {}): Bank {
  const dataFlow = createDataFlow({ store, ...more });
  const policy = layers([
    { name: 'app', grants: allowAll() },
    {
      name: 'flow',
      restricts: flowPolicy({
        tools: {
          list: { labels: { '[].to': 'trusted:payee', '[].pin': 'secret' } },
          pay: { args: { to: { from: ['prompt', 'trusted:payee'] } }, sinks: ['egress'] },
        },
        rules: [{ id: 'out', from: 'secret', to: 'egress' }],
      }),
    },
  ]);
  const guard = createGuard({ policy, dataFlow, audit: false, context });
  const calling =
    (tool: string, facts: 'money' | 'destructive') =>
    (to: string): Promise<unknown> =>
      guard.call({ tool, args: { to }, facts }, async () => 'done');
  return {
    guard,
    dataFlow,
    say: (text) => guard.heard([{ role: 'user', text }]),
    list: (result) => guard.call({ tool: 'list', args: {}, facts: 'readOnly' }, async () => result),
    add: calling('add', 'destructive'),
    pay: calling('pay', 'money'),
  };
}

describe.each([
  ['a store that takes its time', () => slowStore().open],
  ['a file', sqliteStores],
])('a session in %s', (_name, stores) => {
  it('is one for all processes, trust and distrust alike', async () => {
    const open = stores();
    const [a, b] = [bank(open()), bank(open())];
    await a.say(`Pay DE89370400440532013000`);
    await a.list([{ to: FRIEND, pin: '849302', note: ATTACKER }]);
    await b.pay('DE89370400440532013000');
    await b.pay(FRIEND);
    await expect(b.pay(ATTACKER)).rejects.toThrow('[0].note of list');
    await expect(b.pay(`${FRIEND} 849302`)).rejects.toThrow('secret');
    await b.list([{ to: 'Charlie' }]);
    await a.pay('Charlie');
  });

  it('knows in every process what was sent in one', async () => {
    const open = stores();
    const [a, b] = [bank(open()), bank(open())];
    await a.say('hello');
    await b.add(ATTACKER);
    await a.list([{ to: ATTACKER }]);
    await expect(a.pay(ATTACKER)).rejects.toThrow('after this session had sent it');
  });

  it('is restored after a restart, with its order', async () => {
    const open = stores();
    const first = bank(open());
    await first.say('Pay DE89370400440532013000');
    await first.list([{ to: FRIEND }]);
    await first.add(FRIEND);
    await first.add(ATTACKER);
    await first.list([{ to: ATTACKER }]);
    const second = bank(open());
    await second.pay('DE89370400440532013000');
    await second.pay(FRIEND);
    await expect(second.pay(ATTACKER)).rejects.toThrow('after this session had sent it');
  });

  it('keeps a turn once, whoever hears it again', async () => {
    const open = stores();
    await bank(open()).say('mail eve@example.com');
    const store = open();
    await bank(store).say('mail eve@example.com');
    expect(await store.read(KEY, 0)).toHaveLength(1);
  });

  it('of which somebody saw too little stays so', async () => {
    const open = stores();
    const turns = [{ role: 'tool', call: 'c0', value: 'Charlie' }] as const;
    await bank(open()).guard.heard(turns);
    const flow = await bank(open()).dataFlow.session(context);
    expect(flow.complete).toBe(false);
    expect(flow.origins).toEqual(['untrusted:history']);
  });

  it('is restored where it was forgotten for want of room', async () => {
    const open = stores();
    const { say, pay, guard } = bank(open(), { maxSessions: 1 });
    await say(`Pay ${FRIEND}`);
    await guard.with({ session: 's2' }).heard([{ role: 'user', text: 'hello' }]);
    await pay(FRIEND);
  });

  it('that is ended is gone everywhere, and nobody goes on with half of it', async () => {
    const open = stores();
    const [a, b] = [bank(open()), bank(open())];
    await a.say(`Pay ${FRIEND}`);
    await b.pay(FRIEND);
    await a.dataFlow.end(KEY);
    await expect(a.pay(FRIEND)).rejects.toThrow('nowhere');
    // It had read more than there is now.
    await expect(b.add('Charlie')).rejects.toThrow('ended elsewhere');
    const flow = await b.dataFlow.session(context);
    expect(flow.complete).toBe(false);
    expect(flow.originOf(FRIEND).sightings).toEqual([]);
  });

  it('loses nothing to calls that are made at once', async () => {
    const open = stores();
    const [a, b] = [bank(open()), bank(open())];
    await a.say('hello');
    const names = Array.from({ length: 12 }, (_, i) => `Member number ${i}`);
    await Promise.all(names.map((to, i) => (i % 2 === 0 ? a : b).list([{ to }])));
    for (const name of names) {
      await a.pay(name);
      await b.pay(name);
    }
  });

  it('is shared with sub-agents, also once their processes were restarted', async () => {
    const open = stores();
    const first = bank(open());
    await first.say(`Pay ${FRIEND}`);
    await first.guard.call(
      { tool: 'delegate', args: {}, facts: 'readOnly' },
      async (_args, { rid }) => {
        const sub = first.guard.with({ session: 'sub', parent: rid });
        await sub.call({ tool: 'list', args: {}, facts: 'readOnly' }, () => [{ note: ATTACKER }]);
        return 'done';
      },
    );
    await expect(first.pay(ATTACKER)).rejects.toThrow('[0].note of list');
    const second = bank(open());
    await expect(second.pay(ATTACKER)).rejects.toThrow('[0].note of list');
    const flow = await second.dataFlow.session({ ...context, session: 'sub' });
    expect(flow.isVouched(FRIEND, ['prompt'])).toBe(true);
    expect(flow.originOf(ATTACKER).sightings).toMatchObject([{ place: { tool: 'list' } }]);
  });

  it('keeps what a person declassified', async () => {
    const open = stores();
    const functions = { isCustomer: (value: string) => value === ATTACKER };
    const store = open();
    const dataFlow = createDataFlow({ store, functions });
    const guard = createGuard({ policy: allowAll(), dataFlow, audit: false, context });
    await dataFlow.declassify(guard, { value: ATTACKER, as: 'trusted:payee', by: 'isCustomer' });
    const other = bank(open());
    await other.pay(ATTACKER);
  });

  it('that two sub-agents had begun by themselves becomes one with all they have seen', async () => {
    const open = stores();
    const { guard, say, list, pay, dataFlow } = bank(open());
    const sub = guard.with({ session: 'sub' });
    await sub.heard([{ role: 'user', text: 'mail eve@example.com' }]);
    await sub.call({ tool: 'list', args: {}, facts: 'readOnly' }, () => [{ note: ATTACKER }]);
    await say('hello');
    await list([{ to: FRIEND }]);
    await guard.call({ tool: 'delegate', args: {}, facts: 'readOnly' }, async (_args, { rid }) => {
      await dataFlow.session({ ...context, session: 'sub', parent: rid });
    });
    await expect(pay(ATTACKER)).rejects.toThrow('[0].note of list');
    await pay(FRIEND);
    const flow = await bank(open()).dataFlow.session({ ...context, session: 'sub' });
    expect(flow.isVouched('eve@example.com', ['prompt'])).toBe(true);
    expect(flow.isVouched(FRIEND, ['trusted:payee'])).toBe(true);
  });
});

it('several processes know what one would that did it all, whoever is restarted when', async () => {
  const words = ['charlie', 'dominic', 'eleanor', 'frederic'];
  const step = fc.record({
    process: fc.nat(2),
    what: fc.constantFrom('say', 'trust', 'content', 'send', 'restart'),
    word: fc.constantFrom(...words),
  });
  const property = fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
    const { open } = slowStore();
    const alone = bank(slowStore().open());
    const many = [bank(open()), bank(open()), bank(open())];
    const take = async (who: Bank, { what, word }: (typeof steps)[number]): Promise<unknown> => {
      if (what === 'say') return who.say(`please mail ${word}`);
      if (what === 'trust') return who.list([{ to: word }]);
      return what === 'content' ? who.list([{ note: word }]) : who.add(word);
    };
    for (const one of steps) {
      if (one.what === 'restart') many[one.process] = bank(open());
      else {
        await take(alone, one);
        await take(many[one.process] ?? alone, one);
      }
    }
    const known = await alone.dataFlow.session(context);
    for (const { dataFlow } of [...many, bank(open())]) {
      const flow = await dataFlow.session(context);
      expect(flow.origins.toSorted()).toEqual(known.origins.toSorted());
      for (const word of words) {
        const [a, b] = [flow.originOf(word), known.originOf(word)].map(({ sightings }) =>
          sightings.map(({ origin, proves, late }) => `${origin} ${proves} ${late === true}`),
        );
        expect(a?.toSorted()).toEqual(b?.toSorted());
      }
    }
  });
  await fc.assert(property, { numRuns: 60 });
});

describe('a store that fails', () => {
  const failing = (what: keyof FlowStore): FlowStore => {
    const { open } = slowStore();
    return { ...open(), [what]: () => Promise.reject(new Error('the disk is full')) };
  };

  it('denies what cannot be decided without it', async () => {
    const { pay } = bank(failing('read'));
    await expect(pay(FRIEND)).rejects.toMatchObject({ code: 'flow_error' });
  });

  it('keeps a body from starting, and a result from the model', async () => {
    const { open } = slowStore();
    let broken = false;
    const kept = open();
    const { guard, add, list, say } = bank({
      ...kept,
      append: (key, record) =>
        broken ? Promise.reject(new Error('the disk is full')) : kept.append(key, record),
    });
    await say('hello');
    broken = true;
    let ran = false;
    const write = guard.call({ tool: 'write', args: { a: 1 }, facts: 'destructive' }, () => {
      ran = true;
    });
    await expect(write).rejects.toMatchObject({ code: 'flow_error' });
    expect(ran).toBe(false);
    await expect(list([{ to: FRIEND }])).rejects.toMatchObject({ code: 'result_withheld' });
    broken = false;
    await add('Charlie');
  });

  it('that never answers holds up nobody for good', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const { open } = slowStore();
    let hangs = true;
    const kept = open();
    const dataFlow = createDataFlow({
      store: {
        ...kept,
        read: (key, after) => (hangs ? new Promise(() => undefined) : kept.read(key, after)),
      },
    });
    const first = dataFlow.session(context);
    const second = dataFlow.session(context, [{ role: 'user', text: `Pay ${FRIEND}` }]);
    hangs = false;
    const failed = expect(first).rejects.toThrow('did not answer');
    await vi.advanceTimersByTimeAsync(30_000);
    await failed;
    expect((await second).isVouched(FRIEND, ['prompt'])).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['no list', () => 'text'],
    ['what is no record', () => ['{"kind":"other"}']],
    ['what is no JSON', () => ['{']],
  ])('denies where it gives %s', async (_what, read) => {
    const { open } = slowStore();
    const { pay } = bank({ ...open(), read: read as unknown as FlowStore['read'] });
    await expect(pay(FRIEND)).rejects.toMatchObject({ code: 'flow_error' });
  });

  it.each([[0], [-1], [1.5], [Number.NaN], [undefined], ['1']])(
    'denies where it says that a record is number %s',
    async (position) => {
      const { open } = slowStore();
      const append = (() => position) as unknown as FlowStore['append'];
      await expect(bank({ ...open(), append }).say('hello')).rejects.toMatchObject({
        code: 'flow_error',
      });
    },
  );
});

describe('the file', () => {
  it('is for its owner alone, and does not keep what was ended', async () => {
    const path = flowPath();
    const store = sqliteFlowStore(path);
    const { list, dataFlow } = bank(store);
    await list([{ to: FRIEND }]);
    for (const name of [path, `${path}-wal`]) expect(statSync(name).mode & 0o777).toBe(0o600);
    const read = async (): Promise<string> =>
      (await Promise.all([readFile(path), readFile(`${path}-wal`)])).join('');
    expect(await read()).toContain(FRIEND);
    await dataFlow.end(KEY);
    expect(await read()).not.toContain(FRIEND);
    store.close();
  });

  it('that lacks a record is refused', async () => {
    const path = flowPath();
    const store = sqliteFlowStore(path);
    const { list, say } = bank(store);
    await say('hello');
    await list([{ to: FRIEND }]);
    await list([{ to: 'Charlie' }]);
    store.close();
    const raw = new DatabaseSync(path);
    raw.exec('DELETE FROM record WHERE position = 2');
    raw.close();
    const again = sqliteFlowStore(path);
    await expect(bank(again).pay(FRIEND)).rejects.toMatchObject({ code: 'flow_error' });
    again.close();
  });

  it('of another application is refused', () => {
    const path = flowPath();
    const raw = new DatabaseSync(path);
    raw.exec('CREATE TABLE mine (a TEXT)');
    raw.close();
    expect(() => sqliteFlowStore(path)).toThrow('flow');
  });

  it('keeps labels for later processes', async () => {
    const path = flowPath();
    const labels = sqliteLabels(path);
    await labels.add(KEY, ['untrusted:web', 'secret']);
    await labels.add(KEY, ['secret', 'b']);
    labels.close();
    const again = sqliteLabels(path);
    onTestFinished(() => again.close());
    expect((await again.get(KEY)).toSorted()).toEqual(['b', 'secret', 'untrusted:web']);
    expect(await again.get({ ...KEY, principal: 'bob' })).toEqual([]);
  });

  it('gives a guard its coarse labels after a restart', async () => {
    const path = flowPath();
    const seen: unknown[] = [];
    const start = (): { readonly guard: Guard; readonly close: () => void } => {
      const [store, labels] = [sqliteFlowStore(path), sqliteLabels(path)];
      const guard = createGuard({
        policy: ({ labels: own }) => {
          seen.push(own);
          return 'allow';
        },
        dataFlow: createDataFlow({ store }),
        labels,
        audit: false,
        context,
      });
      const close = (): void => {
        store.close();
        labels.close();
      };
      return { guard, close };
    };
    for (let i = 0; i < 2; i += 1) {
      const { guard, close } = start();
      await guard.call({ tool: 'fetch', args: {}, facts: 'network' }, () => 'a page');
      close();
    }
    expect(seen).toEqual([[], ['untrusted:web']]);
  });
});
