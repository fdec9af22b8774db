import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditDraft, AuditEntry } from './entry.ts';
import { memoryAudit } from './memory.ts';
import { verifyChain, verifyEntry } from './verify.ts';

const KEY = 'a key of at least thirty-two bytes!';

/** A draft with every field that there is. */
const FULL: Required<Omit<AuditDraft, 'payload'>> & { payload: unknown } = {
  kind: 'decision',
  action: 'tool.allow',
  actor: 'guard',
  rid: 'rid_1',
  aid: 'aid_1',
  attempt: 'att_1',
  parent: 'rid_0',
  call: 'call_1',
  user: 'alice',
  tenant: 't',
  session: 's',
  agent: 'a',
  source: 'app',
  tool: 'refund',
  toolDigest: 'sha256:1',
  policy: 'sha256:2',
  rule: 'r1',
  reason: 'fine',
  code: 'denied',
  digest: 'sha256:3',
  args: { amount: 5, nested: [{ deep: 'x' }] },
  requirements: { votes: [{ kind: 'confirm' }] },
  votes: [{ voter: 'bob' }],
  labels: ['x'],
  sandbox: { name: 'none' },
  status: 'ok',
  error: 'none',
  ms: 5,
  payload: { list: [1, null, true] },
};

function entriesOf(count: number, draft: AuditDraft = FULL): readonly AuditEntry[] {
  const log = memoryAudit({ key: KEY });
  for (let i = 0; i < count; i += 1) void log.append({ ...draft, rid: `rid_${i}` });
  return log.query() as readonly AuditEntry[];
}

const [, ENTRY] = entriesOf(1) as readonly [AuditEntry, AuditEntry];

describe('an entry', () => {
  it('is what the holder of the key wrote, also as a copy and in another order of fields', () => {
    expect(verifyEntry(ENTRY, KEY)).toBe(true);
    expect(verifyEntry(ENTRY, new TextEncoder().encode(KEY))).toBe(true);
    const reversed = Object.fromEntries(Object.entries(ENTRY).reverse()) as unknown as AuditEntry;
    expect(verifyEntry(reversed, KEY)).toBe(true);
    expect(verifyEntry(JSON.parse(JSON.stringify(ENTRY)) as AuditEntry, KEY)).toBe(true);
  });

  it.each(['', new Uint8Array()])('cannot be verified with an empty key', (key) => {
    expect(() => verifyEntry(ENTRY, key)).toThrow(
      expect.objectContaining({ code: 'audit_key_invalid' }),
    );
  });

  it('is not authentic under another key', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (key) => {
        expect(verifyEntry(ENTRY, key)).toBe(key === KEY);
      }),
    );
    expect(verifyEntry(ENTRY, `${KEY} `)).toBe(false);
    expect(verifyEntry(ENTRY, KEY.slice(0, -1))).toBe(false);
  });

  it.each(Object.keys(ENTRY))('does not lose its field %s unnoticed', (field) => {
    const { [field as keyof AuditEntry]: _lost, ...rest } = ENTRY;
    expect(verifyEntry(rest as AuditEntry, KEY)).toBe(false);
    expect(verifyEntry({ ...ENTRY, [field]: undefined }, KEY)).toBe(false);
    expect(verifyEntry({ ...ENTRY, [field]: null }, KEY)).toBe(false);
  });

  it.each(Object.keys(ENTRY))('does not change its field %s unnoticed', (field) => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const before = JSON.stringify(ENTRY[field as keyof AuditEntry]);
        const changed = { ...ENTRY, [field]: value } as AuditEntry;
        expect(verifyEntry(changed, KEY)).toBe(JSON.stringify(value) === before);
      }),
      { numRuns: 20 },
    );
  });

  it('does not change in a single bit of a single text unnoticed, at any depth', () => {
    const texts = JSON.stringify(ENTRY);
    fc.assert(
      fc.property(fc.nat(texts.length - 1), fc.integer({ min: 0, max: 6 }), (at, bit) => {
        const flipped =
          texts.slice(0, at) +
          String.fromCharCode(texts.charCodeAt(at) ^ (1 << bit)) +
          texts.slice(at + 1);
        let entry: AuditEntry;
        try {
          entry = JSON.parse(flipped) as AuditEntry;
        } catch {
          return;
        }
        // A change of JSON that means the same (a space, a case of an exponent) is none.
        expect(verifyEntry(entry, KEY)).toBe(JSON.stringify(entry) === texts);
      }),
      { numRuns: 2000 },
    );
  });

  it('does not gain a field unnoticed', () => {
    fc.assert(
      fc.property(fc.string(), fc.oneof(fc.jsonValue(), fc.constant(undefined)), (field, value) => {
        if (field in ENTRY) return;
        const more = Object.defineProperty({ ...ENTRY }, field, { value, enumerable: true });
        expect(verifyEntry(more, KEY)).toBe(false);
      }),
    );
    expect(verifyEntry({ ...ENTRY, approved: true } as AuditEntry, KEY)).toBe(false);
    expect(
      verifyEntry({ ...ENTRY, args: { amount: 5, nested: [{ deep: 'x', more: 1 }] } }, KEY),
    ).toBe(false);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['a text', 'entry'],
    ['an empty object', {}],
    ['a list', []],
    ['an entry with a function', { ...ENTRY, payload: () => 1 }],
    [
      'an entry whose field throws',
      Object.defineProperty({ ...ENTRY }, 'tool', {
        enumerable: true,
        get: () => {
          throw new Error('no');
        },
      }),
    ],
    ['an entry that is only inherited', Object.create(ENTRY)],
    ['hashes that are no texts', { ...ENTRY, hash: [ENTRY.hash], mac: [ENTRY.mac] }],
    [
      'hashes in capital letters',
      { ...ENTRY, hash: ENTRY.hash.toUpperCase(), mac: ENTRY.mac.toUpperCase() },
    ],
  ])('is none where it is %s', (_name, entry) => {
    expect(verifyEntry(entry as AuditEntry, KEY)).toBe(false);
  });

  it('is not authentic by its hash alone, which anybody can compute', () => {
    const [, other] = entriesOf(1, { ...FULL, tool: 'other' }) as readonly [AuditEntry, AuditEntry];
    expect(verifyEntry({ ...other, mac: ENTRY.mac }, KEY)).toBe(false);
    expect(verifyEntry({ ...other, hash: ENTRY.hash }, KEY)).toBe(false);
  });
});

describe('a chain', () => {
  const entries = entriesOf(9);
  const failure = (list: readonly unknown[], seq: number): void => {
    expect(verifyChain(list as readonly AuditEntry[], KEY)).toMatchObject({ ok: false, seq });
  };

  it('is whole', () => {
    expect(verifyChain(entries, KEY)).toEqual({
      ok: true,
      entries: 10,
      evicted: 0,
      head: entries.at(-1)?.hash,
    });
  });

  it('does not verify under another key', () => {
    expect(verifyChain(entries, 'another key')).toMatchObject({ ok: false, seq: 0 });
    expect(() => verifyChain(entries, '')).toThrow(
      expect.objectContaining({ code: 'audit_key_invalid' }),
    );
  });

  it('shows where an entry was deleted', () => {
    for (let at = 0; at < entries.length - 1; at += 1) failure(entries.toSpliced(at, 1), at);
  });

  it('shows where entries were put in another order', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([...entries], { minLength: entries.length }), (shuffled) => {
        const first = shuffled.findIndex((entry, i) => entry !== entries[i]);
        if (first >= 0) failure(shuffled, first);
      }),
    );
  });

  it('shows where an entry was put in, a copy of its own and one of another log, too', () => {
    const foreign = entriesOf(9);
    for (let at = 0; at < entries.length; at += 1) {
      failure(entries.toSpliced(at, 0, entries[at] as AuditEntry), at + 1);
      failure(entries.toSpliced(at, 1, foreign[at] as AuditEntry), at === 0 ? 1 : at);
      failure(entries.toSpliced(at, 0, null as unknown as AuditEntry), at);
      failure(entries.toSpliced(at, 0, undefined as unknown as AuditEntry), at);
    }
  });

  it('shows where an entry was changed, and where a changed one was renumbered to fit', () => {
    for (const [at, entry] of entries.entries()) {
      failure(entries.with(at, { ...entry, reason: 'changed' }), at);
      const next = entries[at + 1];
      if (next !== undefined)
        failure(entries.toSpliced(at, 2, { ...next, seq: at, prev: entry.prev }), at);
    }
  });

  it('shows that its beginning is missing, unless it is told where it starts', () => {
    const rest = entries.slice(4);
    failure(rest, 0);
    const start = { seq: 4, prev: entries[3]?.hash ?? '' };
    expect(verifyChain(rest, KEY, start)).toEqual({
      ok: true,
      entries: 6,
      evicted: 4,
      head: entries.at(-1)?.hash,
    });
    expect(verifyChain(rest, KEY, { ...start, prev: entries[2]?.hash ?? '' })).toMatchObject({
      ok: false,
      seq: 4,
    });
  });

  it('does NOT show that its end is missing: only a head that is kept elsewhere does', () => {
    for (let length = 0; length <= entries.length; length += 1) {
      const cut = verifyChain(entries.slice(0, length), KEY);
      expect(cut.ok).toBe(true);
      expect(cut.ok && cut.head === entries.at(-1)?.hash).toBe(length === entries.length);
    }
  });

  it('that is empty is whole, and says so by its head', () => {
    expect(verifyChain([], KEY)).toEqual({
      ok: true,
      entries: 0,
      evicted: 0,
      head: '0'.repeat(64),
    });
  });
});
