import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { GuardError } from '@guardstile/core';

import type { Anchor } from './anchor.ts';
import { createDirectory, replaceFile } from './durable-file.ts';

/**
 * Keeps the last checkpoint of every log in a directory, one file per log, which `guardstile audit
 * verify --checkpoint` takes. As good as the distance: another disk, host or account than the log's.
 */
export function fileAnchor(directory: string): Anchor {
  const fileOf = (log: string): string => join(directory, `${checked(log)}.checkpoint`);

  async function latest(log: string): Promise<string | undefined> {
    try {
      return readFileSync(fileOf(log), 'utf8');
    } catch (error) {
      // Where nothing was kept there is nothing to compare; where nobody can look there may be.
      if ((error as { readonly code?: unknown }).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  return {
    name: directory,
    latest,
    async publish(log, note) {
      createDirectory(directory);
      const kept = await latest(log);
      if (kept !== undefined) requireGrowth(kept, note, directory);
      if (kept !== note) replaceFile(fileOf(log), note);
    },
  };
}

/** Ids come from the log, which somebody may have changed. */
function checked(log: string): string {
  if (/^log_[0-9a-f]{32}$/.test(log)) return log;
  throw new GuardError('audit_tampered', 'the log has an id that no writer gives; verify the log');
}

function requireGrowth(kept: string, note: string, directory: string): void {
  const [, before = '', rootBefore] = kept.split('\n');
  const [, after = '', rootAfter] = note.split('\n');
  const grows = Number(after) > Number(before);
  if (grows || (after === before && rootAfter === rootBefore)) return;
  throw new GuardError(
    'audit_rolled_back',
    `${directory} keeps a checkpoint of ${before} entries, and this one has ${after}; find out who changed the log`,
  );
}
