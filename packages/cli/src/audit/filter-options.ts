import type { AuditEntry, AuditFilter } from '@guardstile/core';
import { entryFilter } from '@guardstile/core';
import type { Command } from 'commander';

/** What the options that choose entries were given. */
export interface FilterOptions {
  readonly tool?: string;
  readonly user?: string;
  readonly tenant?: string;
  readonly session?: string;
  readonly action?: string;
}

/** Adds the options that choose entries. */
export function withFilter(command: Command): Command {
  return command
    .option('--tool <name>', 'only of this tool')
    .option('--user <id>', 'only of this person')
    .option('--tenant <id>', 'only of this tenant')
    .option('--session <id>', 'only of this session')
    .option('--action <action>', 'only this, such as tool.deny');
}

/** Whether an entry is asked for. */
export function wanted(options: FilterOptions): (entry: AuditEntry) => boolean {
  const { tool, user, tenant, session, action } = options;
  const given = Object.entries({ tool, user, tenant, session, action });
  const filter: AuditFilter = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  return entryFilter(filter);
}
