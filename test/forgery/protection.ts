import { withGuard } from '@guardstile/ai-sdk';
import { guardOptions } from '@guardstile/ai-sdk/v7';
import type { Effect, Guard } from '@guardstile/core';
import type { Sdk } from '../conformance/ai-sdk/sdk.ts';

export type Tools = Readonly<Record<string, object>>;

/** What a server passes to the SDK. */
export interface Protected {
  readonly tools: Tools;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** What stands between a client and the tools of a server. */
export interface Protection {
  readonly name: string;
  /** Whether a guard decides; without one the SDK's own means have to do. */
  readonly guarded: boolean;
  readonly majors: ReadonlyArray<Sdk['major']>;
  /** `verdict` is what the policy of the guard says by now. */
  protect(tools: Tools, guard: Guard, verdict: Effect): Protected;
}

/** What the SDK has by itself: tools that need approval, and on 7 its own `toolApproval`. */
export const bare: Protection = {
  name: 'no guard',
  guarded: false,
  majors: [5, 6, 7],
  protect(tools, _, verdict) {
    if (verdict === 'allow') return { tools };
    if (verdict === 'deny') {
      const denied = Object.keys(tools).map((name) => [name, 'denied']);
      return { tools, settings: { toolApproval: Object.fromEntries(denied) as unknown } };
    }
    const needing = Object.entries(tools).map(([name, tool]) => [
      name,
      { ...tool, needsApproval: true },
    ]);
    return { tools: Object.fromEntries(needing) as Tools };
  },
};

const wrapped: Protection = {
  name: 'withGuard',
  guarded: true,
  majors: [5, 6, 7],
  protect: (tools, guard) => ({ tools: withGuard(tools, guard) }),
};

const native: Protection = {
  name: 'guardOptions',
  guarded: true,
  majors: [7],
  protect(tools, guard) {
    const { tools: guarded, ...settings } = guardOptions(tools, guard);
    return { tools: guarded, settings };
  },
};

export const PROTECTIONS: readonly Protection[] = [wrapped, native];
