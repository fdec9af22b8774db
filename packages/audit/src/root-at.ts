import { readLog } from './read-log.ts';

/** The root over the first entries of a log; `undefined` where they are not there to be read. */
export function rootAt(path: string, size: number): Buffer | undefined {
  const { chain, steps } = readLog(path, undefined);
  while (chain.size < size) {
    const { value: step } = steps.next();
    if (step === undefined || 'fault' in step) return undefined;
  }
  return chain.size === size ? chain.tree.root() : undefined;
}
