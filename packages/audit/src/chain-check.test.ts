import type { AuditDraft } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { CHAIN_START, chainCheck } from './chain-check.ts';
import { macKey } from './hashing.ts';
import { type Place, sealEntry } from './seal-entry.ts';

const key = macKey('a key of sixteen bytes, and more');
const draft: AuditDraft = { kind: 'application', action: 'test', actor: 'test' };
const genesis: Place = { log: 'log_1', seq: 0, ts: 1, prev: CHAIN_START.head };
const first = sealEntry(draft, genesis, key);
const follows: Place = { log: 'log_1', seq: 1, ts: 2, prev: first.hash };

function lineOf(place: Place, by = key): Buffer {
  return Buffer.from(sealEntry(draft, place, by).line.slice(0, -1));
}

/** What a check says of a second entry, which somebody with the key has written. */
function second(place: Place, by = key): unknown {
  const chain = chainCheck(CHAIN_START, key);
  expect(chain.next(lineOf(genesis))).toHaveProperty('entry');
  const checked = chain.next(lineOf(place, by));
  expect(chain.size).toBe('entry' in checked ? 2 : 1);
  return 'fault' in checked ? checked.fault : 'whole';
}

describe('an entry', () => {
  it('that follows is whole', () => {
    expect(second(follows)).toBe('whole');
  });

  it('has to be numbered as the next one, even where it is linked to the one before', () => {
    for (const seq of [0, 2, -1, 1.5]) {
      expect(second({ ...follows, seq })).toContain('missing or out of order');
    }
  });

  it('has to be linked to the one before', () => {
    expect(second({ ...follows, prev: 'f'.repeat(64) })).toContain('does not follow');
  });

  it('has to be of the same log', () => {
    expect(second({ ...follows, log: 'log_2' })).toContain('another log');
    const known = chainCheck(CHAIN_START, key, 'log_2');
    expect(known.next(lineOf(genesis))).toMatchObject({
      fault: expect.stringContaining('another log') as string,
    });
  });

  it('has to be written with the key', () => {
    const other = macKey('another key of sixteen bytes');
    expect(second(follows, other)).toContain('without the key');
  });

  it('has to have every digit of its MAC', () => {
    const line = lineOf(follows).toString();
    const at = line.length - 2 - 64;
    for (let i = 0; i < 64; i += 1) {
      const digit = line[at + i] === '0' ? '1' : '0';
      const chain = chainCheck(CHAIN_START, key);
      chain.next(lineOf(genesis));
      const changed = `${line.slice(0, at + i)}${digit}${line.slice(at + i + 1)}`;
      expect(chain.next(Buffer.from(changed))).toHaveProperty('fault');
    }
  });

  it('of any length is hashed whole', () => {
    let prev = first.hash;
    const chain = chainCheck(CHAIN_START, key);
    chain.next(lineOf(genesis));
    // Around the sizes at which a buffer grows.
    for (const [i, length] of [3800, 4096, 4200, 8192, 9000, 100, 100_000].entries()) {
      const long = { ...draft, payload: 'é'.repeat(length / 2) };
      const sealed = sealEntry(long, { ...follows, seq: i + 1, prev }, key);
      const checked = chain.next(Buffer.from(sealed.line.slice(0, -1)));
      expect(checked).toMatchObject({ entry: { hash: sealed.hash } });
      prev = sealed.hash;
    }
  });
});
