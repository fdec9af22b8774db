import { logEntries } from './file-entries.ts';

/** A writer that ends before its log is registered leaves one in which only the log itself speaks. */
const FEW = 16;
const OF_THE_LOG: readonly string[] = ['genesis', 'recovery', 'segment', 'close'];

/** Whether nothing was recorded in a log of this size yet. */
export function isFresh(path: string, size: number): boolean {
  return size <= FEW && [...logEntries(path)].every(({ kind }) => OF_THE_LOG.includes(kind));
}
