import { createHash, createHmac } from 'node:crypto';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { leafHash, leafHashOf, macKey, macOf, nodeHash, sha256 } from './hashing.ts';

const bytes = fc.uint8Array({ maxLength: 9000 });
const hashOf = (...parts: readonly Uint8Array[]): Buffer =>
  createHash('sha256').update(Buffer.concat(parts)).digest();

describe('hashes', () => {
  it('are those of RFC 6962, of bytes and of texts', () => {
    fc.assert(
      fc.property(bytes, fc.string({ unit: 'grapheme' }), (body, text) => {
        const leaf = hashOf(Buffer.of(0), body);
        expect(leafHash(body)).toEqual(leaf);
        expect(leafHashOf(body)).toBe(leaf.toString('hex'));
        expect(leafHashOf(text)).toBe(leafHashOf(Buffer.from(text)));
        const [left, right] = [sha256(body), leaf];
        expect(left).toEqual(hashOf(body));
        expect(nodeHash(left, right)).toEqual(hashOf(Buffer.of(1), left, right));
      }),
    );
  });

  it('of a leaf are right at every size around which its buffer grows', () => {
    for (let size = 4000; size < 4200; size += 1) {
      const body = Buffer.alloc(size, 7);
      expect(leafHash(body)).toEqual(hashOf(Buffer.of(0), body));
    }
  });
});

describe('a MAC', () => {
  it('is the HMAC of RFC 2104, for keys of every length and many of them at once', () => {
    const secrets = fc.uint8Array({ minLength: 16, maxLength: 200 });
    fc.assert(
      fc.property(fc.array(secrets, { minLength: 1, maxLength: 4 }), bytes, (keys, body) => {
        const digest = sha256(body).toString('hex');
        const made = keys.map((secret) => macKey(secret));
        const macs = [...made, ...made].map((key) => macOf(key, digest));
        const expected = keys.map((secret) =>
          createHmac('sha256', secret).update(`guardstile/audit/v1\n${digest}`).digest('hex'),
        );
        expect(macs).toEqual([...expected, ...expected]);
      }),
    );
  });
});
