import { deny } from '../decision.ts';
import { digest } from '../digest.ts';
import { messageOf } from '../message-of.ts';
import { isThenable } from '../steps.ts';
import { readAnswer } from './answer.ts';
import type { Opinion, Policy, PolicyFunction } from './policy.ts';

/**
 * A function as a policy. Its digest is taken from its source text: two closures with the same text
 * are not told apart.
 */
export function functionPolicy(decide: PolicyFunction, layer: Policy['layer']): Policy {
  const name = decide.name === '' ? 'policy function' : `policy function "${decide.name}"`;
  const id = digest('policy', { kind: 'function', layer, opaque: String(decide) });
  const source = { name, policy: id, optional: layer === 'restricts' };
  // A bare word is the answer of most calls, and reads the same every time.
  const words = new Map<unknown, Opinion>(
    ['allow', 'ask', 'deny'].map((word) => [word, readAnswer(word, source)]),
  );
  const read = (answer: unknown): Opinion => words.get(answer) ?? readAnswer(answer, source);
  const failed = (error: unknown): Opinion => {
    return deny(id, `${name} failed: ${messageOf(error)}`, 'policy_error');
  };
  return {
    name,
    layer,
    digest: () => id,
    resolve: () => (call, context) => {
      try {
        const answer: unknown = decide(call, context);
        // Promise.resolve: what only looks like a promise may call back twice, or answer nothing here.
        return isThenable(answer) ? Promise.resolve(answer).then(read, failed) : read(answer);
      } catch (error) {
        return failed(error);
      }
    },
  };
}
