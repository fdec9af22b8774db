import { fileEntries } from '@guardstile/audit';
import { visible } from '@guardstile/core';
import { Command } from 'commander';

import type { Io } from '../io.ts';
import { columns } from '../columns.ts';
import { type FilterOptions, wanted, withFilter } from './filter-options.ts';
import { statsOf, type ToolStats } from './stats-of.ts';

interface Options extends FilterOptions {
  readonly json?: true;
}

const HEAD = ['tool', 'allowed', 'denied', 'asked', 'failed', 'p50 ms', 'p99 ms', 'rules'];

/** `guardstile audit stats` */
export function statsCommand(io: Io): Command {
  const command = new Command('stats')
    .description('Count calls, denials and asks, and how long tools took.')
    .argument('<path>', 'directory or database of a log')
    .option('--json', 'for machines');
  return withFilter(command).action((path: string, options: Options) => {
    const asked = wanted(options);
    const stats = statsOf(fileEntries(path), asked);
    if (options.json === true) io.out(`${JSON.stringify(stats)}\n`);
    else io.out(columns([HEAD, ...stats.map(lineOf)]));
  });
}

function lineOf({ tool, allowed, denied, asked, failed, p50, p99, rules }: ToolStats): string[] {
  const counts = [allowed, denied, asked, failed].map(String);
  const times = [p50, p99].map((ms) => (ms === undefined ? '' : ms.toFixed(1)));
  const named = Object.entries(rules).map(([rule, count]) => `${visible(rule)} ${count}`);
  return [visible(tool), ...counts, ...times, named.join(', ')];
}
