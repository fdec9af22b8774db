import type { CallContext, SessionKey } from '@guardstile/core';

import { keyOf, ownerText } from './session-key.ts';

/** Calls whose bodies run, so that what they start is known to belong to them. */
export interface RunningCalls {
  started(rid: string, context: CallContext): void;
  ended(rid: string): void;
  /** The session of the call in whose body this context's call was made, on behalf of the same person. */
  parentOf(context: CallContext): SessionKey | undefined;
}

/** Beyond it the oldest are forgotten: nothing is inherited of them. */
const MOST_RUNNING = 10_000;

export function createRunningCalls(): RunningCalls {
  const running = new Map<string, SessionKey>();
  return {
    started(rid, context) {
      running.set(rid, keyOf(context));
      const [oldest] = running.size > MOST_RUNNING ? running.keys() : [];
      if (oldest !== undefined) running.delete(oldest);
    },
    ended: (rid) => void running.delete(rid),
    parentOf(context) {
      const key = context.parent === undefined ? undefined : running.get(context.parent);
      return key !== undefined && ownerText(key) === ownerText(keyOf(context)) ? key : undefined;
    },
  };
}
