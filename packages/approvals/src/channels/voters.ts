import type { MaybePromise } from '@guardstile/core';

import type { Voter } from '../inbox/voter.ts';

/** Who somebody is, by the name that another system knows them under. Whoever is not in it is nobody. */
export type Voters =
  | Readonly<Record<string, Voter>>
  | ((id: string) => MaybePromise<Voter | undefined>);

export async function voterOf(voters: Voters, id: string): Promise<Voter | undefined> {
  if (typeof voters === 'function') return voters(id);
  return Object.hasOwn(voters, id) ? voters[id] : undefined;
}
