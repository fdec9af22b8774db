import fs, { writeSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

import type { DiskAudit } from '@guardstile/audit';
import type { AuditReceipt } from '@guardstile/core';

import type { WriterOptions } from './audit-ledger.ts';

// Makes guarded calls until it is killed or has made as many as it should, and tells its parent on
// standard output what it knows to be so, each line written before anything else happens: `ran RID`
// from inside a body, `acknowledged SEQ HASH` for every entry that append answered, `denied CODE`
// for calls that were refused, and `closed` at the end.

const {
  path,
  kind,
  keys,
  callers,
  calls,
  checkpointEvery,
  segmentBytes,
  pad,
  tear,
  anchor,
  slots,
} = JSON.parse(process.argv[2] ?? '') as Required<WriterOptions>;

const tell = (line: string): void => {
  writeSync(1, `${line}\n`);
};

/** Has the process killed in the middle of a write: a part of it is in the file, the rest is not. */
function tearWrite(nth: number, part: number): void {
  const whole = fs.write;
  let count = 0;
  const torn = (file: number, bytes: Buffer, from: number, length: number, ...rest: unknown[]) => {
    const [position, done] = rest as [number, () => void];
    count += 1;
    if (count < nth) return whole(file, bytes, from, length, position, done);
    writeSync(file, bytes, from, Math.floor(length * part), position);
    return process.kill(process.pid, 'SIGKILL');
  };
  // `promisify` finds the names of the results there.
  for (const symbol of Object.getOwnPropertySymbols(whole)) {
    Object.defineProperty(torn, symbol, {
      value: (whole as unknown as Record<symbol, unknown>)[symbol],
    });
  }
  Object.assign(fs, { write: torn });
  syncBuiltinESMExports();
}

if (tear !== null) tearWrite(tear.nth, tear.part);

// Loaded after the file system has been prepared.
const [{ fileAnchor, fileAudit, sqliteAudit }, { allowAll, createGuard, isGuardError }] =
  await Promise.all([import('@guardstile/audit'), import('@guardstile/core')]);

const options = {
  ...keys,
  checkpointEvery,
  checkpointEveryMs: 1e9,
  ...(anchor === null ? {} : { anchors: [fileAnchor(anchor)] }),
};

function open(): DiskAudit {
  return kind === 'file'
    ? fileAudit(path, { ...options, segmentBytes, ...(slots === null ? {} : { slots }) })
    : sqliteAudit(path, options);
}

try {
  await callAll(open());
} catch (error) {
  if (!isGuardError(error)) throw error;
  tell(`refused ${error.code}`);
}

async function callAll(log: DiskAudit): Promise<void> {
  const guard = createGuard({
    policy: allowAll(),
    audit: {
      ...log,
      async append(draft): Promise<AuditReceipt> {
        const receipt = await log.append(draft);
        tell(`acknowledged ${receipt.seq} ${receipt.hash}`);
        return receipt;
      },
    },
  });
  const args = { cents: 1, pad: 'x'.repeat(pad) };

  async function callAgainAndAgain(): Promise<void> {
    for (let made = 0; made < calls; made += 1) {
      try {
        await guard.call({ tool: 'pay', args }, (_args, { rid }) => tell(`ran ${rid}`));
      } catch (error) {
        tell(`denied ${isGuardError(error) ? error.code : String(error)}`);
      }
    }
  }

  tell('opened');
  await Promise.all(Array.from({ length: callers }, callAgainAndAgain));
  await guard.close();
  tell('closed');
}
