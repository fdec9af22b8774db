import { keptClock, type StoreFile } from '@guardstile/sqlite';

/** What is read and changed at one time of the store. */
export interface StoreTransactions {
  read<T>(work: (now: number) => T): T;
  /** All of it or nothing. What the work says that it changed is told when it is there. */
  write<T>(work: (now: number, changed: (aid: string) => void) => T): T;
}

const CLOCK = {
  read: 'SELECT time, ahead FROM store',
  keep: 'UPDATE store SET time = ?, ahead = ?',
};

export function storeTransactions(
  file: StoreFile,
  clock: () => number,
  tell: (aid: string) => void,
): StoreTransactions {
  const time = keptClock(file, CLOCK, clock);
  return {
    read: (work) => file.read(() => work(time.look())),
    write(work) {
      const changed: string[] = [];
      const result = file.write(() => work(time.now(), (aid) => changed.push(aid)));
      for (const aid of changed) tell(aid);
      return result;
    },
  };
}
