import type { Bait } from '../probe-attempts.ts';

/** What attempts are carried out with. */
export interface ProbeTask {
  readonly codes: readonly string[];
  readonly bait: Bait;
}

/** Carries out attempts one after the other; one that throws failed. */
export async function probe({ codes, bait }: ProbeTask): Promise<readonly unknown[]> {
  const load = (name: string): Promise<unknown> => import(name);
  const results: unknown[] = [];
  for (const code of codes) {
    try {
      results.push(await compiled(code)(bait, load));
    } catch {
      results.push(false);
    }
  }
  return results;
}

type Compiled = (bait: Bait, load: (name: string) => Promise<unknown>) => Promise<unknown>;

const { constructor: AsyncFunction } = async function () {};

function compiled(code: string): Compiled {
  return Reflect.construct(AsyncFunction, ['bait', 'load', code]) as Compiled; // of these parameters
}
