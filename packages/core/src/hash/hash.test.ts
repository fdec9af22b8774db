import { createHash, createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hash as node } from './node.ts';
import { hash as noble } from './noble.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('', '\0', '\ud800', 'a\udc00b', '\ufeff', '\u{1f600}'),
);
/** Longer than a block, too: such keys are hashed first. */
const key = fc.uint8Array({ minLength: 1, maxLength: 200 });

describe.each([
  ['node', node],
  ['noble', noble],
])('the %s implementation', (_name, hash) => {
  it('gives SHA-256 of the UTF-8 bytes', () => {
    expect(hash.sha256('abc')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(hash.sha256(value)).toBe(createHash('sha256').update(value, 'utf8').digest('hex'));
      }),
    );
  });

  it('gives HMAC-SHA256, as often as it is asked', () => {
    fc.assert(
      fc.property(key, text, text, (secret, a, b) => {
        const mac = hash.hmac(secret);
        for (const value of [a, b, a]) {
          expect(mac(value)).toBe(createHmac('sha256', secret).update(value, 'utf8').digest('hex'));
        }
      }),
    );
  });

  it('keeps the key that it was given, whatever becomes of the original', () => {
    const secret = new Uint8Array(32).fill(7);
    const mac = hash.hmac(secret);
    const before = mac('text');
    secret.fill(0);
    expect(mac('text')).toBe(before);
  });
});

describe('both implementations', () => {
  it('give the same results, also for texts that are not well-formed', () => {
    fc.assert(
      fc.property(key, text, (secret, value) => {
        expect(noble.sha256(value)).toBe(node.sha256(value));
        expect(noble.hmac(secret)(value)).toBe(node.hmac(secret)(value));
      }),
    );
  });

  it('give the same results for a megabyte', () => {
    const value = 'é'.repeat(500_000);
    expect(noble.sha256(value)).toBe(node.sha256(value));
  });
});
