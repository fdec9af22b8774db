import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { createAuditKeys, fileAnchor, fileAudit, verifyLog } from '@guardstile/audit';
import { allowAll, createGuard, isGuardError } from '@guardstile/core';

import { readMark } from '../../packages/audit/src/log-mark.ts';
import { type Attack, attacks } from './tampering-attacks.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };
const { key, publicKey } = keys;

/** What found an attack: verification without any secret, with the key, against the checkpoint; and the next start. */
export interface Finding {
  readonly attack: string;
  readonly chain: boolean;
  readonly hmac: boolean;
  readonly checkpoint: boolean;
  /** Code of the refusal, or that it opens. */
  readonly start: string;
}

/** Carries out every attack on a log of its own. */
export async function findings(): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  for (const attack of attacks) found.push(await findingOf(attack));
  return found;
}

async function findingOf({ name, carryOut }: Attack): Promise<Finding> {
  const directory = mkdtempSync(join(tmpdir(), 'guardstile-audit-'));
  try {
    const path = join(directory, 'log');
    const backup = join(directory, 'backup');
    const anchor = fileAnchor(join(directory, 'anchor'));
    const options = { ...keys, segmentBytes: 1500, checkpointEveryMs: 1e9 };
    // The backup is older than the anchored checkpoint, and that is older than the end.
    const first = await writeCalls(path, { ...options, anchors: [anchor] }, 3);
    cpSync(path, backup, { recursive: true });
    await writeCalls(path, { ...options, anchors: [anchor] }, 3);
    const markAtAnchor = readMark(path, 'mark', undefined);
    if (markAtAnchor === undefined) throw new Error('the log has no mark');
    const file = join(directory, 'anchor', `${first}.checkpoint`);
    const anchored = Number(readFileSync(file, 'utf8').split('\n')[1]);
    await writeCalls(path, { ...options, signingKey: undefined }, 3);
    const replaceAnchored = (note: string): void => writeFileSync(file, note);
    carryOut({ path, keys, backup, anchored, markAtAnchor, replaceAnchored });
    const checkpoints = [readFileSync(file, 'utf8')];
    const tampered = (against: object): boolean => verifyLog(path, against).outcome === 'tampered';
    return {
      attack: name,
      chain: tampered({}),
      hmac: tampered({ key }),
      checkpoint: tampered({ publicKey, checkpoints }),
      start: await startOf(path, { ...options, anchors: [anchor] }),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

type Options = Parameters<typeof fileAudit>[1];

async function writeCalls(path: string, options: Options, calls: number): Promise<string> {
  const audit = fileAudit(path, options);
  const guard = createGuard({ policy: allowAll(), audit });
  for (let n = 0; n < calls; n += 1) await guard.call({ tool: 'pay', args: { n } }, () => n);
  await guard.close();
  return audit.id;
}

/** How the next start of the writer takes it, with its keys and its anchor. */
async function startOf(path: string, options: Options): Promise<string> {
  try {
    const audit = fileAudit(path, options);
    try {
      await audit.append({ kind: 'application', action: 'started', actor: 'test' });
    } finally {
      await audit.close().catch(() => undefined);
    }
    return 'opens';
  } catch (error) {
    return isGuardError(error) ? error.code : String(error);
  }
}

const MARK = { true: 'detected', false: '–' } as const;

const mark = (detected: boolean): string => MARK[detected ? 'true' : 'false'];

/** The findings as a table in Markdown. */
export function tamperingTable(found: readonly Finding[]): string {
  const rows = found.map(({ attack, chain, hmac, checkpoint, start }) => [
    attack,
    mark(chain),
    mark(hmac),
    mark(checkpoint),
    start === 'opens' ? start : `\`${start}\``,
  ]);
  const head = ['attack', 'chain', 'HMAC', 'checkpoint', 'next start'];
  const widths = head.map((text, i) =>
    Math.max(text.length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}
