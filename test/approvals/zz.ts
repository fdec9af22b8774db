import { mkdtempSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { sqliteApprovals } from '@guardstile/approvals';
import { DatabaseSync } from 'node:sqlite';
import { draftOf, voteOf, BINDINGS } from './draft.ts';
const f = mkdtempSync('/dev/shm/zz-');
const s = sqliteApprovals(join(f, 'a.db'), {
  key: randomBytes(32),
  maxPending: 1e9,
  maxPendingPerSession: 1e9,
});
const cpu = async (n: string, N: number, fn: (i: number) => unknown) => {
  const c = process.cpuUsage();
  const w0 = statSync(join(f, 'a.db-wal')).size;
  for (let i = 0; i < N; i++) await fn(i);
  const d = process.cpuUsage(c);
  console.log(n.padEnd(10), ((d.user + d.system) / N).toFixed(0), 'us cpu');
};
const bare = new DatabaseSync(join(f, 'b.db'));
bare.exec(
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;CREATE TABLE record (id INTEGER PRIMARY KEY, box BLOB)',
);
bare.prepare('INSERT INTO record VALUES (1, ?)').run(randomBytes(900));
const u = bare.prepare('UPDATE record SET box = ? WHERE id = 1');
const b = [randomBytes(900), randomBytes(900)];
for (let r = 0; r < 3; r++) {
  const o = r * 3000;
  await cpu('bare', 3000, (i) => u.run(b[i % 2]!));
  await cpu('request', 3000, (i) =>
    s.create(draftOf(`a${o + i}`, { expiresMs: 3.6e6 }), `a${o + i}`),
  );
  await cpu('get', 3000, (i) => s.get(`a${o + i}`));
  await cpu('vote', 3000, (i) => s.vote(`a${o + i}`, voteOf('ann'), 1));
  await cpu('consume', 3000, (i) => s.consume(`a${o + i}`, 'c', BINDINGS));
  await cpu('list100', 100, (i) => s.list({ limit: 100 }));
}
