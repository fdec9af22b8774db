import type { CallContext, ToolCall } from '../call.ts';
import { readOpinion } from '../opinion.ts';
import { isThenable, type MaybePromise } from '../steps.ts';
import type { Opinion, Policy, Ruling, ToolInfo } from './policy.ts';

/** What a policy among others says of one tool. Whatever is not a decision is a denial. */
export function rulingOf(policy: Policy, tool: ToolInfo): Ruling {
  const ruling: unknown = policy.resolve(tool);
  const read = (opinion: unknown, context: CallContext): Opinion =>
    readOpinion(opinion, policy.name, policy.digest(context));
  if (typeof ruling !== 'function') return read(ruling, {});
  const decide = ruling as (call: ToolCall, context: CallContext) => unknown;
  return (call, context): MaybePromise<Opinion> => {
    const opinion = decide(call, context);
    if (!isThenable(opinion)) return read(opinion, context);
    return Promise.resolve(opinion).then((late) => read(late, context));
  };
}
