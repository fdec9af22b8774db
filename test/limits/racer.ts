// One of several processes that use up the same limit. It says that it is ready, starts when it is
// told to, and appends every reservation that it was granted to a file of its own before it goes on.
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';

import { sqliteLimits } from '@guardstile/limits';

const [path = '', own = '', max = ''] = process.argv.slice(2);
const limits = sqliteLimits(path);
const claim = { key: 'raced', amount: 1, max: Number(max), windowMs: 3_600_000 };

async function race(): Promise<void> {
  for (;;) {
    const attempt = randomUUID();
    const reservation = await limits.reserve([claim], attempt, 1000);
    if (!reservation.ok) return;
    appendFileSync(own, `${attempt}\n`);
    await limits.settle(attempt);
  }
}

process.once('message', () => {
  race().then(
    () => {
      limits.close();
      process.disconnect();
    },
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.send?.('ready');
