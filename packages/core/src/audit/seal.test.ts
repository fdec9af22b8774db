import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { UnsealedEntry } from './seal.ts';
import { authenticator, bodyOf, keyBytes, leafHash } from './seal.ts';

const entry: UnsealedEntry = {
  v: 1,
  log: 'l',
  seq: 0,
  ts: 5,
  prev: 'p',
  kind: 'decision',
  action: 'a',
  actor: 'é',
};
const BODY =
  '{"action":"a","actor":"é","kind":"decision","log":"l","prev":"p","seq":0,"ts":5,"v":1}';

describe('a seal', () => {
  it('covers the canonical entry without its own fields', () => {
    expect(bodyOf(entry)).toBe(BODY);
    expect(bodyOf({ ...entry, hash: 'h', mac: 'm' })).toBe(BODY);
  });

  it('is the leaf hash of RFC 6962, and an HMAC of it that anybody with the key can compute', () => {
    const leaf = leafHash(BODY);
    expect(leaf).toBe(
      createHash('sha256')
        .update(Buffer.concat([Buffer.from([0]), Buffer.from(BODY)]))
        .digest('hex'),
    );
    expect(authenticator('key')(leaf)).toBe(
      createHmac('sha256', 'key').update(`guardstile/audit/v1\n${leaf}`).digest('hex'),
    );
  });

  it('is the same for a key as text and as bytes', () => {
    expect(authenticator('schlüssel')(BODY)).toBe(
      authenticator(new TextEncoder().encode('schlüssel'))(BODY),
    );
  });

  it('needs a key', () => {
    for (const key of ['', new Uint8Array(), null, undefined, 5, {}, ['k']]) {
      expect(() => keyBytes(key as string)).toThrow(
        expect.objectContaining({ code: 'audit_key_invalid' }),
      );
    }
  });
});
