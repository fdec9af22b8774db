import type { GuardErrorCode } from '@guardstile/core';
import type { ScriptedCall } from '../conformance/adapter/harness.ts';
import type { Sdk } from '../conformance/ai-sdk/sdk.ts';
import type { Claim } from './claim.ts';
import type { World } from './world.ts';

/** Something that a client, or code around the SDK, may try. */
export interface Attack {
  /** What is tried, for the table. */
  readonly name: string;
  /** How the guard refuses it, where the SDK lets it come that far. */
  readonly codes: readonly GuardErrorCode[];
  /** What the refusal says besides. */
  readonly says?: string;
  /** How often a body may run in all: the one call that a person did approve. @default 0 */
  readonly runs?: 0 | 1;
  /** Versions in which it can be tried. @default 6 and 7 */
  readonly majors?: ReadonlyArray<Sdk['major']>;
  /** Versions of the SDK that can be held against it without a guard. @default the same */
  readonly bareMajors?: ReadonlyArray<Sdk['major']>;
  /** Returns what was asked and stays good in spite of the attack, if anything does. */
  carryOut(world: World): Promise<readonly Claim[] | void>;
}

export const REFUND: ScriptedCall = { id: 'call-1', tool: 'refund', args: { amount: 5 } };

/** Whatever a first attempt leaves behind must be of no use to another one. */
export async function repeatedly(attempt: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; tries < 2; tries += 1) await attempt();
}
