/** Items by the time at which they are due: a binary heap. */
export interface DueQueue<T> {
  add(item: T, due: number): void;
  /** The next item that is due by then, with the time it was added for. */
  take(now: number): { readonly item: T; readonly due: number } | undefined;
  /** Whether nothing is due by then. */
  isQuiet(now: number): boolean;
  readonly size: number;
}

interface Entry<T> {
  readonly item: T;
  readonly due: number;
}

export function dueQueue<T>(): DueQueue<T> {
  const heap: Array<Entry<T>> = [];

  const dueAt = (i: number): number => heap[i]?.due ?? Infinity;

  /** Puts an entry where it belongs between a place that is free and the top. */
  function rise(entry: Entry<T>, from: number): void {
    let i = from;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.due <= entry.due) break;
      heap[i] = above;
      i = parent;
    }
    heap[i] = entry;
  }

  /** The same from the top, which is free, downwards. */
  function sink(entry: Entry<T>): void {
    let i = 0;
    for (;;) {
      const left = 2 * i + 1;
      const child = dueAt(left + 1) < dueAt(left) ? left + 1 : left;
      const below = heap[child];
      if (below === undefined || below.due >= entry.due) break;
      heap[i] = below;
      i = child;
    }
    heap[i] = entry;
  }

  return {
    add: (item, due) => rise({ item, due }, heap.length),
    take(now) {
      const [first] = heap;
      if (first === undefined || first.due > now) return undefined;
      const last = heap.pop();
      if (last !== undefined && last !== first) sink(last);
      return first;
    },
    isQuiet: (now) => dueAt(0) > now,
    get size() {
      return heap.length;
    },
  };
}
