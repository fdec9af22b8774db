import {
  type CallContext,
  type Decision,
  digest,
  ownOptions,
  type Policy,
  type ToolCall,
} from '@guardstile/core';

import { CONFIRMED } from '../approve.ts';
import { asked, denied } from '../decisions.ts';

/** What somebody else says of a call. `undefined` is no opinion. */
export type PointAnswer =
  | { readonly effect: 'allow' | 'ask' | 'deny'; readonly reason?: string | undefined }
  | undefined;

export interface DecisionPointOptions {
  /** In decisions and in the log. */
  readonly name: string;
  /** Says what is decided by: an address, a version, the text of a policy. Part of the digest. */
  readonly version: unknown;
  /** How long an answer may take, in milliseconds. @default 1000 */
  readonly timeoutMs?: number | undefined;
  /** Asks. Whatever it throws denies. */
  readonly ask: (
    call: ToolCall,
    context: CallContext,
    signal: AbortSignal,
  ) => PointAnswer | Promise<PointAnswer>;
}

/**
 * A layer that only restricts, whose opinion comes from elsewhere: what it allows is no opinion. No
 * answer, a late one and one that is not understood deny.
 */
export function decisionPoint(options: DecisionPointOptions): Policy {
  const known = ['name', 'version', 'timeoutMs', 'ask'] as const;
  const {
    name,
    version,
    timeoutMs = 1000,
    ask,
  } = ownOptions('decisionPoint', options, known, 'options_invalid');
  const id = digest('policy', { kind: 'decision point', name, version });
  const ground = (reason: string) => ({
    policy: id,
    reason: `${name}: ${reason}`,
    rule: undefined,
  });
  const failed = (reason: string): Decision =>
    Object.freeze({ ...denied(ground(reason)), code: 'policy_error' as const });
  const decisionOf = (answer: PointAnswer): Decision | undefined => {
    switch (answer?.effect) {
      case undefined:
      case 'allow':
        return undefined;
      case 'ask':
        return asked(ground(answer?.reason ?? 'it wants a person to agree'), CONFIRMED);
      case 'deny':
        return denied(ground(answer?.reason ?? 'it denies this'));
      default:
        return failed('its answer is not understood');
    }
  };
  return {
    name,
    layer: 'restricts',
    digest: () => id,
    resolve: () => async (call, context) => {
      const limit = new AbortController();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<Decision>((resolve) => {
        timer = setTimeout(() => {
          limit.abort();
          resolve(failed(`it did not answer within ${timeoutMs} ms`));
        }, timeoutMs);
      });
      const signals =
        context.signal === undefined ? [limit.signal] : [limit.signal, context.signal];
      try {
        const answer = (async () => ask(call, context, AbortSignal.any(signals)))();
        return await Promise.race([answer.then(decisionOf), late]);
      } catch (error) {
        return failed(`it failed: ${error instanceof Error ? error.message : String(error)}`);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
