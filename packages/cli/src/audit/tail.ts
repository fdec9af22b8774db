import { watch } from 'node:fs';

import { followLog } from '@guardstile/audit';
import { type AuditEntry, GuardError } from '@guardstile/core';
import { Command } from 'commander';

import type { Io } from '../io.ts';
import { describeEntry } from './describe-entry.ts';
import { type FilterOptions, wanted, withFilter } from './filter-options.ts';

interface Options extends FilterOptions {
  readonly lines: string;
  readonly follow?: true;
  readonly json?: true;
}

/** `guardstile audit tail` */
export function tailCommand(io: Io): Command {
  const command = new Command('tail')
    .description('Show the last entries of a log, and with --follow those that come.')
    .argument('<path>', 'directory or database of a log')
    .option('-n, --lines <count>', 'how many', '20')
    .option('-f, --follow', 'go on until interrupted')
    .option('--json', 'one entry per line');
  return withFilter(command).action(async (path: string, options: Options) => {
    const show = (entry: AuditEntry): void =>
      io.out(options.json === true ? `${JSON.stringify(entry)}\n` : describeEntry(entry, 'short'));
    const asked = wanted(options);
    const log = followLog(path);
    for (const entry of lastOf(log.take(), asked, countOf(options.lines))) show(entry);
    if (options.follow !== true) return;
    await changes(path, io.signal, () => {
      for (const entry of log.take()) if (asked(entry)) show(entry);
    });
  });
}

function countOf(lines: string): number {
  const count = Number(lines);
  if (Number.isInteger(count) && count >= 0) return count;
  throw new GuardError('options_invalid', '--lines takes a whole number');
}

function lastOf(
  entries: Iterable<AuditEntry>,
  asked: (entry: AuditEntry) => boolean,
  count: number,
): readonly AuditEntry[] {
  const last: AuditEntry[] = [];
  for (const entry of entries) {
    if (!asked(entry)) continue;
    last.push(entry);
    if (last.length > count) last.shift();
  }
  return last;
}

/** Calls `look` whenever something was written, until the signal. */
function changes(path: string, signal: AbortSignal, look: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const watcher = watch(path, { signal });
    const attempt = (): void => {
      try {
        look();
      } catch (error) {
        watcher.close();
        reject(error);
      }
    };
    watcher.on('change', attempt);
    watcher.on('error', reject);
    watcher.on('close', resolve);
    // What was written before the watch began.
    attempt();
  });
}
