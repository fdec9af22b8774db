import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { AuditEntry } from '@guardstile/core';

import { chainCheck, CHAIN_START } from '../../packages/audit/src/chain-check.ts';
import { signCheckpoint } from '../../packages/audit/src/checkpoint.ts';
import { macKey } from '../../packages/audit/src/hashing.ts';
import { formatMark, type LogMark } from '../../packages/audit/src/log-mark.ts';
import { sealEntry } from '../../packages/audit/src/seal-entry.ts';
import { noteSigner } from '../../packages/audit/src/signed-note.ts';

/** A log in the hands of somebody who may write all of its files. */
export interface Victim {
  readonly path: string;
  /** What it is authenticated and signed with, for those who have stolen it. */
  readonly keys: { readonly key: string; readonly signingKey: string };
  /** A copy from before its last checkpoint. */
  readonly backup: string;
  /** How many entries the anchored checkpoint holds. */
  readonly anchored: number;
  /** The mark that was written with it. */
  readonly markAtAnchor: LogMark;
  /** Replaces what the anchor keeps, where it is not out of reach. */
  readonly replaceAnchored: (note: string) => void;
}

export interface Attack {
  readonly name: string;
  readonly carryOut: (victim: Victim) => void;
}

const WRONG_KEY = 'not the key, but as long as one: 32 bytes';

function files(path: string): readonly string[] {
  return readdirSync(path)
    .filter((name) => name.endsWith('.jsonl'))
    .toSorted()
    .map((name) => join(path, name));
}

function lines(path: string): readonly string[] {
  return files(path).flatMap((file) => readFileSync(file, 'utf8').split('\n').slice(0, -1));
}

const entryOf = (line: string): AuditEntry => (JSON.parse(line) as { readonly e: AuditEntry }).e;

/** Removes what makes the next start quick, which an attacker does first. */
function forgetMark(path: string): void {
  rmSync(join(path, 'mark.json'), { force: true });
}

/** Writes all lines into one file. */
function put(path: string, changed: readonly string[]): void {
  for (const file of files(path)) rmSync(file);
  writeFileSync(join(path, '0000000000000000.jsonl'), changed.map((line) => `${line}\n`).join(''));
  forgetMark(path);
}

/** Rewrites all entries from `from` on: numbered, linked, and authenticated with whatever key. */
function reseal(path: string, from: number, key: string, entries: readonly AuditEntry[]): void {
  const kept = lines(path).slice(0, from);
  const chain = chainCheck(CHAIN_START, undefined);
  for (const line of kept) chain.next(Buffer.from(line));
  let prev = chain.head;
  const written = entries.map((entry, i) => {
    const { log, ts } = entry;
    const sealed = sealEntry(entry, { log, seq: from + i, ts, prev }, macKey(key));
    prev = sealed.hash;
    return sealed.line.trimEnd();
  });
  put(path, [...kept, ...written]);
}

/** The entries from `from` on, with another story. */
function changedFrom(path: string, from: number): readonly AuditEntry[] {
  const entries = lines(path).slice(from).map(entryOf);
  return entries.map((entry) => ({ ...entry, actor: 'somebody else' }));
}

function rewriteAll({ path, keys }: Victim): void {
  reseal(path, 0, keys.key, changedFrom(path, 0));
}

/** A checkpoint over the log as it is now, signed with the stolen key. */
function signAgain({ path, keys }: Victim): string {
  const chain = chainCheck(CHAIN_START, undefined);
  for (const line of lines(path)) chain.next(Buffer.from(line));
  const { size, tree } = chain;
  const origin = entryOf(lines(path)[0] ?? '').log;
  const signer = noteSigner('guardstile', keys.signingKey);
  const note = signCheckpoint({ origin, size, root: tree.root() }, signer);
  writeFileSync(join(path, 'checkpoint'), note);
  return note;
}

/** Everything as it was in a copy. */
function restore({ path, backup }: Victim): void {
  for (const name of readdirSync(path)) if (name !== 'lock') rmSync(join(path, name));
  for (const name of readdirSync(backup)) {
    if (name !== 'lock') writeFileSync(join(path, name), readFileSync(join(backup, name)));
  }
}

/** What somebody does who may write the log's files, from the clumsy to the well equipped. */
export const attacks: readonly Attack[] = [
  {
    name: 'an entry is changed',
    carryOut({ path }) {
      const all = lines(path);
      put(path, all.with(4, (all[4] ?? '').replace('"actor":"', '"actor":"not ')));
    },
  },
  {
    name: 'an entry is deleted',
    carryOut: ({ path }) => put(path, lines(path).toSpliced(4, 1)),
  },
  {
    name: 'two entries change places',
    carryOut({ path }) {
      const all = lines(path);
      put(path, all.with(4, all[5] ?? '').with(5, all[4] ?? ''));
    },
  },
  {
    name: 'an entry is repeated',
    carryOut: ({ path }) => put(path, lines(path).toSpliced(5, 0, lines(path)[4] ?? '')),
  },
  {
    name: 'an entry is added, and all that follow are linked again, without the key',
    carryOut({ path }) {
      const rest = lines(path).slice(4).map(entryOf);
      const forged = rest.slice(0, 1).map((entry) => ({ ...entry, actor: 'somebody else' }));
      reseal(path, 4, WRONG_KEY, [...forged, ...rest]);
    },
  },
  {
    name: 'a file in the middle is deleted',
    carryOut({ path }) {
      rmSync(files(path)[1] ?? '');
      forgetMark(path);
    },
  },
  {
    name: 'the first file is deleted',
    carryOut({ path }) {
      rmSync(files(path)[0] ?? '');
      forgetMark(path);
    },
  },
  {
    name: 'the first file is deleted, and said to be given up, without the key',
    carryOut({ path }) {
      const [first = '', second = ''] = files(path);
      const chain = chainCheck(CHAIN_START, undefined);
      const gone = readFileSync(first, 'utf8').split('\n').slice(0, -1);
      for (const line of gone) chain.next(Buffer.from(line));
      const peaks = chain.tree.peaks.map((peak) => peak.toString('hex'));
      const at = { segment: chain.size, offset: 0, open: [], closed: false };
      const mark = { log: entryOf(gone[0] ?? '').log, size: chain.size, head: chain.head, peaks };
      rmSync(first);
      const text = `{"mark":${JSON.stringify({ ...mark, ...at })},"mac":"${'0'.repeat(64)}"}\n`;
      writeFileSync(join(path, 'base.json'), text);
      forgetMark(path);
      if (second === '') throw new Error('the log has one file only');
    },
  },
  {
    name: 'the end is cut off between two entries',
    carryOut: ({ path, anchored }) => put(path, lines(path).slice(0, anchored - 2)),
  },
  { name: 'an older copy is restored', carryOut: restore },
  {
    name: 'all files are deleted',
    carryOut({ path }) {
      for (const name of readdirSync(path)) if (name !== 'lock') rmSync(join(path, name));
    },
  },
  {
    name: 'with the stolen HMAC key: an older copy is continued',
    carryOut(victim) {
      const { path, keys } = victim;
      const rest = changedFrom(path, lines(victim.backup).length);
      restore(victim);
      reseal(path, lines(path).length, keys.key, rest);
    },
  },
  { name: 'with the stolen HMAC key: everything is rewritten', carryOut: rewriteAll },
  {
    name: 'with the stolen HMAC key: everything is rewritten, and the mark with it',
    carryOut(victim) {
      const { path, keys } = victim;
      rewriteAll(victim);
      // The tree of before, under a chain of after: the next start looks no further back.
      const whole = readFileSync(files(path)[0] ?? '', 'utf8').split('\n');
      const before = whole.slice(0, victim.anchored);
      const head = entryOf(whole[victim.anchored] ?? '').prev;
      const offset = Buffer.byteLength(before.map((line) => `${line}\n`).join(''));
      const forged = { ...victim.markAtAnchor, head, segment: 0, offset };
      writeFileSync(join(path, 'mark.json'), formatMark('mark', forged, macKey(keys.key)));
    },
  },
  {
    name: 'with both stolen keys: everything is rewritten and signed again',
    carryOut(victim) {
      rewriteAll(victim);
      signAgain(victim);
    },
  },
  {
    name: 'the end behind the last anchored checkpoint is cut off',
    carryOut: ({ path, anchored }) => put(path, lines(path).slice(0, anchored)),
  },
  {
    name: 'with the stolen HMAC key: what is behind the last anchored checkpoint is rewritten',
    carryOut: ({ path, anchored, keys }) =>
      reseal(path, anchored, keys.key, changedFrom(path, anchored)),
  },
  {
    name: 'with both stolen keys and the anchor in reach: everything is rewritten',
    carryOut(victim) {
      rewriteAll(victim);
      victim.replaceAnchored(signAgain(victim));
    },
  },
];
