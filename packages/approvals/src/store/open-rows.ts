import type { StoreFile } from '@guardstile/sqlite';

/** How many approvals are open, counted in the transaction that opens or settles one. */
export interface OpenRows {
  count(scope: string): number;
  /** One more in each. */
  add(scopes: readonly string[]): void;
  /** One less in each. */
  remove(scopes: readonly string[]): void;
}

export function openRows({ prepare }: StoreFile): OpenRows {
  const count = prepare('SELECT n FROM open_count WHERE scope = ?');
  const one = prepare('INSERT INTO open_count VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1');
  const less = prepare(
    'UPDATE open_count SET n = n - 1 WHERE scope IN (?, ?, ?) RETURNING scope, n',
  );
  const clear = prepare('DELETE FROM open_count WHERE scope = ?');
  return {
    count: (scope) => Number(count.get(scope)?.['n'] ?? 0),
    add(scopes) {
      for (const scope of scopes) one.run(scope);
    },
    remove([all = null, tenant = null, session = null]) {
      for (const { scope, n } of less.all(all, tenant, session)) {
        if (Number(n) <= 0) clear.run(String(scope));
      }
    },
  };
}
