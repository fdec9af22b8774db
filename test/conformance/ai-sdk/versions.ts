import type { Sdk } from './sdk.ts';
import { v5 } from './v5.ts';
import { v6 } from './v6.ts';
import { v7 } from './v7.ts';

/** Every version that the adapter supports, the newest first. */
export const versions: readonly Sdk[] = [v7, v6, v5];
