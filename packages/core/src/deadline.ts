// Every time limit of a process shares one timer: arming and clearing one per hook would cost more
// than the hook. Limits of the same length expire in the order in which they began, so each length
// is a queue and only the queue heads have to be looked at.

interface Entry {
  at: number;
  expire: () => void;
  previous: Entry | undefined;
  next: Entry | undefined;
}

interface Queue {
  head: Entry | undefined;
  tail: Entry | undefined;
}

interface Handle {
  ref?: () => unknown;
  unref?: () => unknown;
}

/** Longest delay a timer takes; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

const queues = new Map<number, Queue>();
/** Limits of ever new lengths leave empty queues behind; beyond this many they are swept out. */
let sweepAt = 64;
let size = 0;
let timer: (Handle & object) | number | undefined;
let firesAt = Number.POSITIVE_INFINITY;

/**
 * Calls `expire` once after `ms` milliseconds (any length, also months) unless the returned
 * function is called first. Keeps the process alive only while a limit is running.
 */
export function deadline(ms: number, expire: () => void): () => void {
  const now = performance.now();
  let queue = queues.get(ms);
  if (queue === undefined) {
    if (queues.size >= sweepAt) sweep();
    queue = { head: undefined, tail: undefined };
    queues.set(ms, queue);
  }
  const entry: Entry = { at: now + ms, expire, previous: queue.tail, next: undefined };
  if (queue.tail === undefined) queue.head = entry;
  else queue.tail.next = entry;
  queue.tail = entry;
  size += 1;
  if (entry.at < firesAt) arm(entry.at, now);
  else if (size === 1) hold(true);
  const owner = queue;
  return () => {
    if (remove(owner, entry) && size === 0) hold(false);
  };
}

function sweep(): void {
  for (const [ms, queue] of queues) if (queue.head === undefined) queues.delete(ms);
  sweepAt = Math.max(64, queues.size * 2);
}

function remove(queue: Queue, entry: Entry): boolean {
  if (entry.previous === undefined && queue.head !== entry) return false;
  if (entry.previous === undefined) queue.head = entry.next;
  else entry.previous.next = entry.next;
  if (entry.next === undefined) queue.tail = entry.previous;
  else entry.next.previous = entry.previous;
  entry.previous = undefined;
  entry.next = undefined;
  size -= 1;
  return true;
}

function arm(at: number, now: number): void {
  if (timer !== undefined) clearTimeout(timer as number);
  firesAt = at;
  timer = setTimeout(tick, Math.min(Math.max(Math.ceil(at - now), 0), LONGEST_TIMER));
}

/** An idle timer must not keep a process alive; where timers are numbers there is none to keep. */
function hold(keep: boolean): void {
  if (typeof timer !== 'object') return;
  if (keep) timer.ref?.();
  else timer.unref?.();
}

function tick(): void {
  timer = undefined;
  firesAt = Number.POSITIVE_INFINITY;
  const now = performance.now();
  const expired: Entry[] = [];
  for (const [ms, queue] of queues) {
    while (queue.head !== undefined && queue.head.at <= now) {
      expired.push(queue.head);
      remove(queue, queue.head);
    }
    if (queue.head === undefined) queues.delete(ms);
  }
  let next = Number.POSITIVE_INFINITY;
  for (const queue of queues.values()) {
    if (queue.head !== undefined && queue.head.at < next) next = queue.head.at;
  }
  if (next < Number.POSITIVE_INFINITY) arm(next, now);
  for (const entry of expired) entry.expire();
}
