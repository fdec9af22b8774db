import type { ApprovalBindings } from '@guardstile/core';
import type { StoreFile } from './store-file.ts';

/** How many approvals are open, counted in the transaction that opens or settles one. */
export interface OpenRows {
  count(scope: string): number;
  add(scopes: readonly string[], by: 1 | -1): void;
}

export function openRows({ prepare }: StoreFile): OpenRows {
  const count = prepare('SELECT n FROM open_count WHERE scope = ?');
  const add = prepare(
    'INSERT INTO open_count VALUES (?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n',
  );
  const clear = prepare('DELETE FROM open_count WHERE scope = ? AND n <= 0');
  return {
    count: (scope) => Number(count.get(scope)?.['n'] ?? 0),
    add(scopes, by) {
      for (const scope of scopes) {
        add.run(scope, by);
        if (by < 0) clear.run(scope);
      }
    },
  };
}
