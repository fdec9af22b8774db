// One of several processes that want the same approvals. It says that it is ready, starts when it is
// told to, and appends every approval that it was granted to a file of its own before it goes on, as
// a guard writes its log. Started again after it was killed, it goes on with the claims it had drawn.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';

import { sqliteApprovals } from '@guardstile/approvals';
import type { Approval } from '@guardstile/core';

const [path = '', keyHex = '', own = ''] = process.argv.slice(2);
const approvals = sqliteApprovals(path, { key: Buffer.from(keyHex, 'hex') });

/** What it was granted before it was killed. */
const granted = new Set(existsSync(own) ? readFileSync(own, 'utf8').split('\n') : []);

async function race(): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const page: readonly Approval[] = await approvals.list({
      limit: 200,
      ...(after === undefined ? {} : { after }),
    });
    for (const { aid, bindings } of page) {
      if (granted.has(aid)) continue;
      // The same claim whenever it tries: what was consumed when it was killed is its own.
      const { ok } = await approvals.consume(aid, `claim of ${own} for ${aid}`, bindings);
      if (ok) appendFileSync(own, `${aid}\n`);
    }
    after = page.at(-1)?.aid;
    if (after === undefined) break;
  }
}

process.once('message', () => {
  race().then(
    () => {
      approvals.close();
      process.disconnect();
    },
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.('ready');
