import { describe, expect, it } from 'vitest';

import { createAuditKeys } from './audit-keys.ts';
import { openCheckpoint, signCheckpoint } from './checkpoint.ts';
import {
  formatVerifier,
  noteSigner,
  openNote,
  parseVerifier,
  signNote,
  verifierOf,
} from './signed-note.ts';

// Key and note that the specification of signed notes and its implementation in Go use.
const KEY = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const NOTE = `${TEXT}\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

const { signingKey, publicKey } = createAuditKeys('example.com/audit');
const signer = noteSigner('example.com/audit', signingKey);

describe('a signed note', () => {
  it('of others is read', () => {
    expect(openNote(NOTE, parseVerifier(KEY))).toBe(TEXT);
    expect(formatVerifier(parseVerifier(KEY))).toBe(KEY);
  });

  it('of ours is read with the public key alone', () => {
    const note = signNote('some text\n', signer);
    expect(openNote(note, parseVerifier(publicKey))).toBe('some text\n');
  });

  it('is read although somebody else signed it, too', () => {
    const other = noteSigner('witness.example', createAuditKeys().signingKey);
    const [, line = ''] = signNote('some text\n', other).split('\n\n');
    const note = `${signNote('some text\n', signer)}${line}`;
    expect(openNote(note, verifierOf(signer))).toBe('some text\n');
    expect(openNote(note, verifierOf(other))).toBe('some text\n');
  });

  it('is nothing when any character of it was changed', () => {
    const note = signNote('some text\nof two lines\n', signer);
    for (let i = 0; i < note.length; i += 1) {
      const changed = `${note.slice(0, i)}${note[i] === 'A' ? 'B' : 'A'}${note.slice(i + 1)}`;
      expect(openNote(changed, verifierOf(signer))).toBeUndefined();
    }
  });

  it.each([
    '',
    'text',
    'text\n\n',
    '\n\n',
    'text\n\n\u2014 x y\n',
    'text\n\n\u2014 example.com/audit AAAA\n',
  ])('is not what %j is', (note) => {
    expect(openNote(note, verifierOf(signer))).toBeUndefined();
  });

  it.each(['', 'x', `${KEY}x`, KEY.replace('c74f20a3', 'c74f20a4'), KEY.replace('+AR', '+BR')])(
    'is not verified with the key %j',
    (line) => {
      expect(() => parseVerifier(line)).toThrow(
        expect.objectContaining({ code: 'audit_key_invalid' }),
      );
    },
  );

  it.each([
    ['a name with a space', 'a b', signingKey],
    ['no name', '', signingKey],
    ['no key', 'name', ''],
    ['a public key', 'name', publicKey],
  ])('is not signed by %s', (_, name, key) => {
    expect(() => noteSigner(name, key)).toThrow(
      expect.objectContaining({ code: 'audit_key_invalid' }),
    );
  });
});

describe('a checkpoint', () => {
  const checkpoint = { origin: 'log_1', size: 12, root: Buffer.alloc(32, 7) };

  it('says what was signed', () => {
    const note = signCheckpoint(checkpoint, signer);
    expect(note.startsWith('log_1\n12\n')).toBe(true);
    expect(openCheckpoint(note, verifierOf(signer))).toEqual(checkpoint);
  });

  it.each([
    ['a negative size', 'log_1\n-1\n'],
    ['a size that no number holds', 'log_1\n99999999999999999999\n'],
    ['no root', 'log_1\n1\n'],
    ['a line too many', `log_1\n1\n${Buffer.alloc(32).toString('base64')}\nmore\n`],
  ])('with %s is none', (_, text) => {
    expect(() => openCheckpoint(signNote(text, signer), verifierOf(signer))).toThrow('is none');
  });

  it('of another key is none', () => {
    const other = parseVerifier(createAuditKeys('example.com/audit').publicKey);
    expect(() => openCheckpoint(signCheckpoint(checkpoint, signer), other)).toThrow(
      'is not signed by that key',
    );
  });
});
