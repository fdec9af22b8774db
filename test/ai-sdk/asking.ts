import { guardOptions } from '@guardstile/ai-sdk/v7';
import type { Sdk } from '../conformance/ai-sdk/sdk.ts';
import { v6 } from '../conformance/ai-sdk/v6.ts';
import { v7 } from '../conformance/ai-sdk/v7.ts';

/** One of the ways in which the SDK itself asks. */
export interface Asking {
  readonly name: string;
  readonly sdk: Sdk;
  /** What is passed to it besides the tools. */
  readonly more: (tools: Record<string, object>) => object;
}

export const asking: readonly Asking[] = [
  { name: 'ai 6', sdk: v6, more: () => ({}) },
  { name: 'ai 7', sdk: v7, more: () => ({}) },
  {
    name: 'ai 7 with guardOptions()',
    sdk: v7,
    more: (tools) => ({ toolApproval: guardOptions(tools).toolApproval }),
  },
];
