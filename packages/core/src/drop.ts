import { isThenable } from './steps.ts';

/** Nobody waits for it, and nobody is bothered by its failing. */
export function drop(value: unknown): void {
  if (isThenable(value)) value.then(undefined, () => undefined);
}
