import type { SqliteApprovals } from './sqlite-approvals.ts';

/** The store, once it is admitted; refused, every method says why. */
export function storeReadyAfter(admitted: Promise<void>, store: SqliteApprovals): SqliteApprovals {
  const { grants } = store;
  // Whoever uses the store is told.
  admitted.catch(() => undefined);
  const after =
    <A extends readonly unknown[], R>(method: (...args: A) => R) =>
    async (...args: A): Promise<Awaited<R>> => {
      await admitted;
      return await method(...args);
    };
  return {
    ...store,
    create: after(store.create),
    get: after(store.get),
    find: after(store.find),
    vote: after(store.vote),
    edit: after(store.edit),
    consume: after(store.consume),
    cancel: after(store.cancel),
    list: after(store.list),
    ...(grants === undefined
      ? {}
      : {
          grants: {
            add: after(grants.add),
            list: after(grants.list),
            revoke: after(grants.revoke),
          },
        }),
  };
}
