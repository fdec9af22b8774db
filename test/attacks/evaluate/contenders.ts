import { baselines } from './baselines.ts';
import type { Contender } from './contender.ts';
import { flowContenders } from './flow-contenders.ts';
import { rulesContender } from './rules-contender.ts';

/** Everything that is measured, the best first. */
export const contenders: readonly Contender[] = [...flowContenders, rulesContender, ...baselines];
