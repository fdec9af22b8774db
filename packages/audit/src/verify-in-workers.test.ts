import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { AuditDraft } from '@guardstile/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { createAuditKeys } from './audit-keys.ts';
import { fileAudit } from './file-audit.ts';
import { jobsAt, readAhead, verifyInWorkers } from './verify-in-workers.ts';
import { verifyLogs } from './verify-logs.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };
const { key, publicKey } = keys;

const draftOf = (i: number): AuditDraft => ({
  kind: i % 3 === 2 ? 'outcome' : 'decision',
  action: i % 3 === 2 ? 'tool.outcome' : 'tool.allow',
  actor: 'guard',
  // Some end in a later file than the one they begin in, and some never do.
  attempt: `att_${i % 3 === 2 ? i - 8 : i}`,
});

/** A closed log in several files, whose clock goes backwards now and then. */
async function makeLog(path: string, slots?: number) {
  let now = 0;
  const clock = (): number => ((now += 1) % 7 === 0 ? now - 5 : now);
  const more = slots === undefined ? {} : { slots };
  const audit = fileAudit(path, { ...keys, ...more, clock, segmentBytes: 3000 });
  for (let i = 0; i < 60; i += 1) await audit.append(draftOf(i));
  await audit.close();
  const at = slots === undefined ? path : join(path, '1');
  const half = readFileSync(join(at, 'checkpoint'), 'utf8');
  const again = fileAudit(path, { ...keys, ...more, clock, segmentBytes: 3000 });
  for (let i = 60; i < 90; i += 1) await again.append(draftOf(i));
  await again.close();
  return { path, at, checkpoints: [half, readFileSync(join(at, 'checkpoint'), 'utf8')] };
}

type Made = Awaited<ReturnType<typeof makeLog>>;

const made = mkdtempSync(join(tmpdir(), 'guardstile-audit-'));
let [one, several]: readonly Made[] = [];

beforeAll(async () => {
  [one, several] = [await makeLog(join(made, 'one')), await makeLog(join(made, 'several'), 2)];
}, 60_000);

afterAll(() => rmSync(made, { recursive: true }));

function copyOf(original: Made | undefined): Made {
  if (original === undefined) throw new Error('it was not made');
  const path = temporaryDirectory();
  cpSync(original.path, path, { recursive: true });
  return { ...original, path, at: original.at.replace(original.path, path) };
}

function files(path: string): readonly string[] {
  return readdirSync(path)
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => join(path, name));
}

function replaceIn(file: string, text: string, by: string): void {
  const before = readFileSync(file, 'utf8');
  expect(before).toContain(text);
  writeFileSync(file, before.replace(text, by));
}

const DAMAGE: ReadonlyArray<readonly [string, (at: string) => void]> = [
  ['nothing', () => undefined],
  ['an entry changed', (at) => replaceIn(files(at)[3] ?? '', 'tool.allow', 'tool.ellow')],
  ['a file gone', (at) => rmSync(files(at)[4] ?? '')],
  ['the first file gone', (at) => rmSync(files(at)[0] ?? '')],
  ['the last file gone', (at) => rmSync(files(at).at(-1) ?? '')],
  ['a file empty', (at) => writeFileSync(files(at)[2] ?? '', '')],
  ['the end of a file cut off', (at) => cutLast(files(at)[2] ?? '', 1)],
  ['a line in the middle cut', (at) => cutLast(files(at)[2] ?? '', 0, 40)],
  ['a line begun at the end', (at) => appendFileSync(files(at).at(-1) ?? '', '{"e":')],
  ['two files changed places', swapFiles],
  ['where a file says that the tree stood', (at) => changePeak(files(at)[3] ?? '')],
];

function cutLast(file: string, lines: number, bytes = 0): void {
  const all = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  const text = `${all.slice(0, all.length - lines).join('\n')}\n`;
  writeFileSync(file, text.slice(0, text.length - bytes));
}

function swapFiles(at: string): void {
  const [, a = '', b = ''] = files(at);
  const [first, second] = [readFileSync(a), readFileSync(b)];
  writeFileSync(a, second);
  writeFileSync(b, first);
}

function changePeak(file: string): void {
  const [peak = ''] = /(?<="peaks":\[")[0-9a-f]{64}/.exec(readFileSync(file, 'utf8')) ?? [];
  replaceIn(file, peak, 'f'.repeat(64));
}

const AGAINST = [
  ['the chain alone', () => ({})],
  ['all there is', (checkpoints: readonly string[]) => ({ key, publicKey, checkpoints })],
] as const;

describe('threads that read ahead', () => {
  it.each(DAMAGE)('find what one thread finds: %s', async (_what, damage) => {
    const { path, at, checkpoints } = copyOf(one);
    damage(at);
    for (const [what, against] of AGAINST) {
      const options = against(checkpoints);
      const alone = verifyLogs(path, options);
      expect(await verifyInWorkers([path], options, { workers: 2 }), what).toEqual(alone);
    }
  });

  it.each(DAMAGE.slice(0, 4))('in a directory of several logs: %s', async (_what, damage) => {
    const { path, at, checkpoints } = copyOf(several);
    damage(at);
    for (const [what, against] of AGAINST) {
      const options = against(checkpoints);
      const alone = verifyLogs(path, options);
      expect(await verifyInWorkers([path], options, { workers: 2 }), what).toEqual(alone);
    }
  });

  it('verify the logs at several paths, and say how many entries they have read', async () => {
    const [first, second] = [copyOf(one), copyOf(several)];
    let read = 0;
    const told = (entries: number): void => {
      read = entries;
    };
    const reports = await verifyInWorkers(
      [first.path, second.path],
      { key },
      { workers: 3, progress: told },
    );
    expect(reports).toEqual([
      ...verifyLogs(first.path, { key }),
      ...verifyLogs(second.path, { key }),
    ]);
    expect(reports).toHaveLength(3);
    expect(reports.every(({ fault }) => fault === undefined)).toBe(true);
    expect(read).toBe(reports.reduce((sum, { entries }) => sum + entries, 0));
  });

  it('read what they can: what one thread verified is not read again', async () => {
    const { path } = copyOf(one);
    const jobs = jobsAt(path, undefined, new Set());
    expect(jobs).toHaveLength(files(path).length);
    const read = await readAhead(jobs, { threads: 2, setup: { key: undefined }, progress });
    rmSync(files(path)[1] ?? '');
    const [, second] = jobs;
    if (second === undefined) throw new Error('one file is not enough');
    const reading = { key: undefined, sizes: new Set<number>(), progress };
    expect(read(second.piece, second.start, reading)).toMatchObject({ fault: undefined });
    // Another beginning than the one that was assumed shows nothing.
    const head = 'f'.repeat(64);
    const from = { ...second.start.from, head };
    expect(() => read(second.piece, { ...second.start, from }, reading)).toThrow('ENOENT');
    const log = 'log_of_somebody_else';
    expect(() => read(second.piece, { ...second.start, log }, reading)).toThrow('ENOENT');
    const peaks = second.start.from.peaks.map(() => Buffer.alloc(32));
    const elsewhere = { ...second.start, from: { ...second.start.from, peaks } };
    expect(() => read(second.piece, elsewhere, reading)).toThrow('ENOENT');
    const sizes = new Set([second.start.from.size + 1]);
    expect(() => read(second.piece, second.start, { ...reading, sizes })).toThrow('ENOENT');
  });

  it.each([
    ['throws', 'throw new Error("broken")'],
    ['ends with 1', 'process.exit(1)'],
    ['ends with 0', 'process.exit(0)'],
    ['ends without an answer', ''],
    [
      'ends in the middle',
      `import { parentPort } from 'node:worker_threads';
       parentPort.on('message', () => { parentPort.postMessage({ read: 5 }); process.exit(0); });`,
    ],
  ])('make the verification fail when one of them %s', async (_what, source) => {
    const { path } = copyOf(one);
    const jobs = jobsAt(path, undefined, new Set());
    const script = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
    const reading = readAhead(jobs, { threads: 2, setup: { key: undefined }, progress, script });
    await expect(reading).rejects.toMatchObject({ code: 'audit_error' });
  });
});

function progress(): void {}
