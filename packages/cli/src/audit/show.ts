import { fileEntries } from '@guardstile/audit';
import { Command } from 'commander';

import type { ExitCode, Io } from '../io.ts';
import { describeEntry } from './describe-entry.ts';

/** `guardstile audit show` */
export function showCommand(io: Io, finish: (code: ExitCode) => void): Command {
  return new Command('show')
    .description('Show every entry of one call, one approval or one attempt.')
    .argument('<path>', 'directory of a log')
    .argument('<id>', 'rid, aid or attempt')
    .option('--json', 'one entry per line')
    .action((path: string, id: string, { json }: { readonly json?: true }) => {
      let found = 0;
      for (const entry of fileEntries(path)) {
        if (entry.rid !== id && entry.aid !== id && entry.attempt !== id) continue;
        found += 1;
        io.out(json === true ? `${JSON.stringify(entry)}\n` : describeEntry(entry, 'long'));
      }
      if (found > 0) return;
      io.error(`no entry of ${path} is of ${id}\n`);
      finish(2);
    });
}
