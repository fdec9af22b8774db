import { type AuditDraft, canonical } from '@guardstile/core';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { envelope } from './envelope.ts';

const place = { log: 'log_1', seq: 7, ts: 1, prev: 'x' };

const names = fc.constantFrom(
  'action',
  'actor',
  'agent',
  'aid',
  'args',
  'attempt',
  'call',
  'code',
  'digest',
  'error',
  'kind',
  'labels',
  'log',
  'ms',
  'parent',
  'payload',
  'policy',
  'prev',
  'reason',
  'requirements',
  'rid',
  'rule',
  'sandbox',
  'seq',
  'session',
  'source',
  'status',
  'tenant',
  'tool',
  'toolDigest',
  'ts',
  'user',
  'v',
  'votes',
  'of',
  'own',
  'zz',
  '__proto__',
);

describe('the envelope of an entry', () => {
  it('is the canonical form, whatever the draft holds, in whatever order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(names), fc.jsonValue(), (keys, value) => {
        const draft = Object.fromEntries(keys.map((key) => [key, value])) as unknown as AuditDraft; // any fields
        expect(envelope(draft, place)).toBe(canonical({ ...draft, ...place, v: 1 }));
      }),
    );
  });

  it('lends nothing from a prototype', () => {
    const draft = Object.create({ user: 'mallory' }) as AuditDraft;
    expect(envelope(draft, place)).not.toContain('mallory');
  });
});
