// Listens to a store, and has nothing else to do.
import { sqliteApprovals } from '@guardstile/approvals';

const [path = '', key = ''] = process.argv.slice(2);
sqliteApprovals(path, { key: Buffer.from(key, 'hex') }).subscribe?.(() => undefined);
console.log('listening');
