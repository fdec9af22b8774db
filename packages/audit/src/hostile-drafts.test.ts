import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { AuditDraft } from '@guardstile/core';
import { afterEach, describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import type { DiskAudit, DiskAuditOptions } from './disk-audit.ts';
import { fileAudit } from './file-audit.ts';
import { sqliteAudit } from './sqlite-audit.ts';
import { verifyLog } from './verify-log.ts';

const key = 'a key of at least thirty-two bytes!';

const draft = (more: object = {}): AuditDraft => ({
  kind: 'decision',
  action: 'tool.allow',
  actor: 'guard',
  ...more,
});

type Open = (path: string, options?: Partial<DiskAuditOptions>) => DiskAudit;

const openFile: Open = (path, options) => fileAudit(path, { key, deadlineMs: 60_000, ...options });
const openSqlite: Open = (path, options) =>
  sqliteAudit(join(path, 'audit.db'), { key, deadlineMs: 60_000, ...options });

describe.each([
  { name: 'file', open: openFile },
  { name: 'sqlite', open: openSqlite },
])('a $name log and drafts that nobody expects', ({ open }) => {
  const prototype = Object.prototype as Record<string, unknown>;

  afterEach(() => {
    delete prototype['user'];
  });

  it.each<[string, object]>([
    ['a field of the reader\u2019s own', { kind: 'application', fault: 'x', entry: 'y' }],
    ['a text that ends in the middle', { user: 'a\0b' }],
    ['half a character', { session: '\ud800' }],
    ['a number where a text belongs', { user: 5 }],
    ['an object where a text belongs', { tool: { name: 'x' } }],
    ['line feeds and separators', { user: 'a\nb\u2028\r' }],
    ['names of the prototype', JSON.parse('{"__proto__": {"user": "x"}, "constructor": 1}')],
  ])('takes %s, verifies, and opens again', async (_, more) => {
    const path = temporaryDirectory();
    const log = open(path);
    await log.append(draft(more));
    expect(log.verify()).toMatchObject({ ok: true, entries: 2 });
    expect(log.query()).toHaveLength(2);
    await log.close();
    const again = open(path);
    await again.append(draft());
    expect(again.verify()).toMatchObject({ ok: true });
    await again.close();
    expect(verifyLog(again.path, { key })).toMatchObject({ outcome: 'unproven', fault: undefined });
  });

  it.each<[string, unknown]>([
    ['no number', Number.NaN],
    ['a big one', 1n],
    ['nothing', [undefined]],
    ['a date', new Date(0)],
    ['a function', () => 1],
  ])('refuses %s that JSON cannot hold, and only that entry', async (_, payload) => {
    const path = temporaryDirectory();
    const log = open(path);
    const results = await Promise.allSettled([
      log.append(draft({ rid: 'before' })),
      log.append(draft({ payload })),
      log.append(draft({ rid: 'after' })),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'audit_error' } });
    await log.close();
    const again = open(path);
    expect(again.query({ kind: 'decision' })).toHaveLength(2);
    await again.close();
  });

  it('lets nobody but its owner read its files', async () => {
    const directory = temporaryDirectory();
    const log = open(join(directory, 'log'), { payloads: { key: `another ${key}` } });
    await log.append(draft({ args: { n: 1 } }));
    const files = globSync('**/*', { cwd: directory, withFileTypes: true })
      .filter((file) => file.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .filter((file) => !/lock(-journal)?$/.test(file));
    expect(files.length).toBeGreaterThan(1);
    expect(files.filter((file) => (statSync(file).mode & 0o077) !== 0)).toEqual([]);
    await log.close();
  });

  it('takes no field from a polluted prototype', async () => {
    const log = open(temporaryDirectory());
    prototype['user'] = 'mallory';
    await log.append(draft());
    delete prototype['user'];
    expect(log.query({ user: 'mallory' })).toEqual([]);
    expect(log.verify()).toMatchObject({ ok: true });
    await log.close();
  });

  it('keeps whole milliseconds, and waits for a clock that tells the time', async () => {
    let now = Number.NaN;
    const log = open(temporaryDirectory(), { clock: () => now });
    await expect(log.append(draft())).rejects.toMatchObject({ code: 'audit_error' });
    now = 1000.75;
    await log.append(draft());
    expect(log.query().map(({ kind, ts }) => [kind, ts])).toEqual([
      ['genesis', 1000],
      ['decision', 1000],
    ]);
    await log.close();
  });
});
