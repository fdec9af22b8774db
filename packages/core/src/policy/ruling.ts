import type { CallContext, ToolCall } from '../call.ts';
import { isThenable, type MaybePromise } from '../steps.ts';
import { readAnswer } from './answer.ts';
import type { Opinion, Policy, Ruling, ToolInfo } from './policy.ts';

/** What a policy says of one tool. Whatever is not a decision is a denial, as with functions. */
export function rulingOf(policy: Policy, tool: ToolInfo): Ruling {
  const ruling: unknown = policy.resolve(tool);
  if (typeof ruling !== 'function') return opinionOf(ruling, policy, {});
  const decide = ruling as (call: ToolCall, context: CallContext) => unknown;
  return (call, context): MaybePromise<Opinion> => {
    const answer = decide(call, context);
    if (!isThenable(answer)) return opinionOf(answer, policy, context);
    return Promise.resolve(answer).then((late) => opinionOf(late, policy, context));
  };
}

function opinionOf(opinion: unknown, policy: Policy, context: CallContext): Opinion {
  if (opinion === undefined || isPlain(opinion)) return opinion;
  const read = readAnswer(opinion, {
    name: `policy "${policy.name}"`,
    policy: policy.digest(context),
    optional: policy.layer === 'restricts',
  });
  return read;
}
