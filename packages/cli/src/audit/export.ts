import { CSV_HEAD, fileEntries, toCsv, toOcsf } from '@guardstile/audit';
import type { AuditEntry } from '@guardstile/core';
import { Command, Option } from 'commander';

import type { Io } from '../io.ts';
import { type FilterOptions, wanted, withFilter } from './filter-options.ts';

const FORMATS = {
  jsonl: { head: '', line: (entry: AuditEntry) => `${JSON.stringify(entry)}\n` },
  csv: { head: CSV_HEAD, line: toCsv },
  ocsf: { head: '', line: (entry: AuditEntry) => `${JSON.stringify(toOcsf(entry))}\n` },
} as const;

interface Options extends FilterOptions {
  readonly format: keyof typeof FORMATS;
}

/** `guardstile audit export` */
export function exportCommand(io: Io): Command {
  const format = new Option('--format <format>', 'how')
    .choices(Object.keys(FORMATS))
    .default('jsonl');
  const command = new Command('export')
    .description('Write entries to standard output: as they are, as CSV, or as OCSF events.')
    .argument('<path>', 'directory or database of a log')
    .addOption(format);
  return withFilter(command).action((path: string, options: Options) => {
    const { head, line } = FORMATS[options.format];
    const asked = wanted(options);
    io.out(head);
    for (const entry of fileEntries(path)) if (asked(entry)) io.out(line(entry));
  });
}
