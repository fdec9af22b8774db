import {
  type CallContext,
  type Decision,
  type Effect,
  GuardError,
  type MaybePromise,
  type Opinion,
  ownOptions,
  type Policy,
  type Ruling,
  type ToolCall,
  type ToolInfo,
} from '@guardstile/core';

import { ignoreFailure } from './ignore-failure.ts';

/** What another policy would have made of a call. */
export interface ShadowReport {
  /** Name of the policy in shadow. */
  readonly policy: string;
  readonly tool: string;
  readonly rid: string;
  /** What is in force. */
  readonly from: Effect | 'none';
  /** What it would have been. */
  readonly would: Effect;
  readonly rule: string | undefined;
  readonly reason: string;
}

export interface ShadowOptions {
  /** The policy that decides. */
  readonly enforced: Policy;
  /** The policy that is tried out; of any kind. */
  readonly candidate: Policy;
  /**
   * Whether it is to be added as a layer, so that the more restrictive wins, or to take the place
   * of the other.
   */
  readonly as: 'layer' | 'replacement';
  /** Told of each call on which the verdict would have been another one. The guard's log is, anyway. */
  readonly report?: (report: ShadowReport) => void;
}

/**
 * Decides as one policy, and tells what another one would have changed. It never waits for the
 * other, and nothing that the other does has an effect.
 *
 * @throws {GuardError} `options_invalid`.
 */
export function shadow(given: ShadowOptions): Policy {
  const known = ['enforced', 'candidate', 'as', 'report'] as const;
  const options = ownOptions('shadow', given, known, 'options_invalid');
  const { enforced, candidate } = options;
  checkOptions(options);
  return {
    name: enforced.name,
    layer: enforced.layer,
    digest: (context) => enforced.digest(context),
    resolve(tool) {
      const { identity, facts } = tool;
      // What the candidate itself tries out is nobody's concern.
      const [inForce, tried] = [
        enforced.resolve(tool),
        resolveTried(candidate, { identity, facts }),
      ];
      // More restrictive than denied is nothing.
      if (options.as === 'layer' && isDenial(inForce)) return inForce;
      return (call, context) => {
        const opinion = typeof inForce === 'function' ? inForce(call, context) : inForce;
        const tell = (report: ShadowReport): void => {
          const { policy, rule, from, would } = report;
          const named = rule === undefined ? {} : { rule };
          ignoreFailure(() => tool.flipped?.(call, context, { policy, ...named, from, would }));
          ignoreFailure(() => options.report?.(report));
        };
        compare(options, call, opinion, sayOf(candidate, tried, call, context), tell);
        return opinion;
      };
    },
    get needs() {
      return enforced.needs ?? {};
    },
    ...(enforced.onChange === undefined ? {} : { onChange: enforced.onChange }),
  };
}

function checkOptions({ enforced, candidate, as }: ShadowOptions): void {
  if (as !== 'layer' && as !== 'replacement') {
    throw new GuardError('options_invalid', 'shadow: as has to be "layer" or "replacement"');
  }
  if (as === 'replacement' && candidate.layer !== enforced.layer) {
    throw new GuardError(
      'options_invalid',
      'shadow: only a policy that grants can take the place of one that grants; use as: "layer"',
    );
  }
}

/** One that cannot even be resolved denies every call. */
function resolveTried(candidate: Policy, tool: ToolInfo): Ruling {
  try {
    return candidate.resolve(tool);
  } catch {
    return () => {
      throw new Error('it could not be resolved');
    };
  }
}

function isDenial(ruling: Ruling): boolean {
  return typeof ruling === 'object' && ruling.effect === 'deny';
}

type Say = Pick<Decision, 'effect' | 'reason'> & { readonly rule?: string };

/** What a policy would say; one that fails, or should say something and does not, denies. */
function sayOf(
  { layer }: Policy,
  ruling: Ruling,
  call: ToolCall,
  context: CallContext,
): MaybePromise<Say | undefined> {
  const silent: Say | undefined =
    layer === 'grants' ? { effect: 'deny', reason: 'it has no opinion' } : undefined;
  const failed: Say = { effect: 'deny', reason: 'it failed' };
  try {
    const opinion = typeof ruling === 'function' ? ruling(call, context) : ruling;
    if (!isThenable(opinion)) return opinion ?? silent;
    return Promise.resolve(opinion).then(
      (late) => late ?? silent,
      () => failed,
    );
  } catch {
    return failed;
  }
}

function compare(
  { candidate, as }: ShadowOptions,
  call: ToolCall,
  opinion: MaybePromise<Opinion>,
  say: MaybePromise<Say | undefined>,
  report: (report: ShadowReport) => void,
): void {
  const tell = (now: Opinion, other: Say | undefined): void => {
    const from = now?.effect ?? 'none';
    if (other === undefined || other.effect === from) return;
    if (as === 'layer' && RANK[other.effect] <= RANK[from]) return;
    report({
      policy: candidate.name,
      tool: call.tool.name,
      rid: call.rid,
      from,
      would: other.effect,
      rule: other.rule,
      reason: other.reason,
    });
  };
  if (isThenable(opinion) || isThenable(say)) {
    // What comes of it, and who listens, concerns nobody who waits for the call.
    void Promise.all([opinion, say])
      .then(([now, other]) => tell(now, other))
      .catch(() => undefined);
    return;
  }
  tell(opinion, say);
}

const RANK: Readonly<Record<Effect | 'none', number>> = { none: 0, allow: 0, ask: 1, deny: 2 };

function isThenable<T>(value: MaybePromise<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
