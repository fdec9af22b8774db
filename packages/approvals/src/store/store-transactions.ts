import type { StoreFile } from './store-file.ts';
import { type ClockMark, isNewer, storeClock } from './store-clock.ts';

/** What is read and changed at one time of the store. */
export interface StoreTransactions {
  read<T>(work: (now: number) => T): T;
  /** All of it or nothing. What the work says that it changed is told when it is there. */
  write<T>(work: (now: number, changed: (aid: string) => void) => T): T;
}

export function storeTransactions(
  file: StoreFile,
  clock: () => number,
  tell: (aid: string) => void,
): StoreTransactions {
  const tick = storeClock(clock);
  const select = file.prepare('SELECT time, ahead FROM store');
  const update = file.prepare('UPDATE store SET time = ?, ahead = ?');

  function kept(): ClockMark {
    const row = select.get();
    return { time: Number(row?.['time']), ahead: Number(row?.['ahead']) };
  }

  return {
    read: (work) => file.read(() => work(tick(kept()).time)),
    write(work) {
      const changed: string[] = [];
      const result = file.write(() => {
        const before = kept();
        const mark = tick(before);
        if (isNewer(mark, before)) update.run(mark.time, mark.ahead);
        return work(mark.time, (aid) => changed.push(aid));
      });
      for (const aid of changed) tell(aid);
      return result;
    },
  };
}
