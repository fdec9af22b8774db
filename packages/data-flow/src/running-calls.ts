import type { CallContext, SessionKey, ToolCall } from '@guardstile/core';

import { isDeclassify } from './declassification.ts';
import { keyOf, ownerText, sessionText } from './session-key.ts';

type Running = Pick<ToolCall, 'rid' | 'tool'>;

interface Entry extends Pick<ToolCall, 'tool'> {
  readonly context: CallContext;
}

/** Calls whose bodies run, so that what they start is known to belong to them. */
export interface RunningCalls {
  started(call: Running, context: CallContext): void;
  ended(rid: string): void;
  /** Whether a body of the session runs: what is said meanwhile may be said by an agent in it. */
  isBusy(key: SessionKey): boolean;
  /** On behalf of whom a call declassifies. */
  declassifierOf(rid: string): CallContext | undefined;
  /** The session of the call in whose body this context's call was made, on behalf of the same person. */
  parentOf(context: CallContext): SessionKey | undefined;
}

/** Beyond it the oldest are forgotten: nothing is inherited of them. */
const MOST_RUNNING = 10_000;

export function createRunningCalls(): RunningCalls {
  const running = new Map<string, Entry>();
  return {
    started({ rid, tool }, context) {
      running.set(rid, { tool, context });
      const [oldest] = running.size > MOST_RUNNING ? running.keys() : [];
      if (oldest !== undefined) running.delete(oldest);
    },
    ended: (rid) => void running.delete(rid),
    isBusy(key) {
      if (running.size === 0) return false;
      const name = sessionText(key);
      return [...running.values()].some(
        // Of an aborted call nobody may have read the result to its end.
        ({ context }) => context.signal?.aborted !== true && sessionText(keyOf(context)) === name,
      );
    },
    declassifierOf(rid) {
      const own = running.get(rid);
      return own !== undefined && isDeclassify(own.tool) ? own.context : undefined;
    },
    parentOf(context) {
      const parent =
        context.parent === undefined ? undefined : running.get(context.parent)?.context;
      if (parent === undefined) return undefined;
      const key = keyOf(parent);
      return ownerText(key) === ownerText(keyOf(context)) ? key : undefined;
    },
  };
}
