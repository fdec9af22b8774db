import { it } from 'vitest';

/** `it` where a machine has what a fault needs; elsewhere the report says what was left out, and why. */
export function itWhere(
  possible: boolean,
  needed: string,
): (name: string, test: () => Promise<void>, timeout?: number) => void {
  return (name, test, timeout) => {
    if (possible) it(name, test, timeout);
    else {
      console.warn(`SKIPPED: ${name} (needs ${needed})`);
      it.skip(`${name} (SKIPPED: needs ${needed})`, test);
    }
  };
}
