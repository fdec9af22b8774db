import { memoryApprovals } from '@guardstile/core';

import { attachChannels } from '../src/index.ts';
import { approvalFor } from './approval-for.ts';
import { recordedChannel } from './recorded-channel.ts';

// A process that has a message to try again in an hour, an approval that expires in a minute, and
// nothing else to do.
const approvals = memoryApprovals();
const tried = Promise.withResolvers<void>();
const channel = recordedChannel('down', () => {
  tried.resolve();
  throw new Error('down');
});
attachChannels({ approvals, channels: [channel], backoffMs: 3_600_000, maxBackoffMs: 3_600_000 });
await approvalFor(approvals);
await tried.promise;
process.stdout.write('tried once\n');
