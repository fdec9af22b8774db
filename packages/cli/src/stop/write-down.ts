import { resolve } from 'node:path';

import { openLog } from '../approvals/open-inbox.ts';
import { type LogConfig, type PlaceOptions, readLogConfig } from '../approvals/read-config.ts';

/** What is done to a stop switch. */
export interface Deed {
  readonly action: 'stop.thrown' | 'stop.lifted';
  readonly path: string;
  readonly reasons: readonly string[];
}

/** Writes down who did it, where a log is named; answers why it could not. */
export async function writeDown(deed: Deed, options: PlaceOptions): Promise<string | undefined> {
  try {
    const config = readLogConfig(options, process.env);
    if (config !== undefined) await append(deed, config);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function append({ action, path, reasons }: Deed, config: LogConfig): Promise<void> {
  const log = openLog(config);
  try {
    const { id, tenant } = config.voter;
    await log.append({
      kind: 'application',
      action,
      actor: id,
      ...(tenant === undefined ? {} : { tenant }),
      reason: reasons.join('; '),
      payload: { file: resolve(path) },
    });
  } finally {
    await log.close?.();
  }
}
