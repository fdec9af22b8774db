// One of several processes that want the same approvals: prints those that it got.
import { canonical } from '@guardstile/core';

import { sqliteApprovals } from '../../examples/src/support/sqlite-approvals.ts';

const [path = '', claim = ''] = process.argv.slice(2);
const approvals = sqliteApprovals(path);
const got: string[] = [];
for (const { aid, bindings } of await approvals.list({ limit: 1000 })) {
  const { ok } = await approvals.consume(aid, claim, bindings);
  if (ok) got.push(aid);
}
approvals.close();
console.log(canonical(got));
