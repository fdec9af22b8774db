import { type CallContext, ownOptions, type Policy, type ToolCall } from '@guardstile/core';

import { decisionPoint } from './decision-point.ts';

/** The part of `@cedar-policy/cedar-wasm` that is used. */
export interface CedarEngine<Request> {
  isAuthorized(call: Request): CedarAnswer;
}

export type CedarAnswer =
  | { readonly type: 'failure'; readonly errors: readonly { readonly message: string }[] }
  | {
      readonly type: 'success';
      readonly response: {
        readonly decision: string;
        readonly diagnostics: {
          readonly reason: readonly string[];
          readonly errors: readonly { readonly policyId: string }[];
        };
      };
    };

export interface CedarOptions<Request> {
  /** `@cedar-policy/cedar-wasm/nodejs`, or another of its builds. */
  readonly engine: CedarEngine<Request>;
  /** The request of a call, policies and entities included. */
  readonly request: (call: ToolCall, context: CallContext) => Request;
  /** Names the policies: their text, or its version. Part of the digest. */
  readonly version: string;
}

/**
 * Cedar as one more layer that restricts. Cedar leaves out a policy that fails, a `forbid` too; here
 * a failing policy denies.
 */
export function cedar<Request>(options: CedarOptions<Request>): Policy {
  const known = ['engine', 'request', 'version'] as const;
  const { engine, request, version } = ownOptions('cedar', options, known, 'options_invalid');
  return decisionPoint({
    name: 'cedar',
    version,
    ask(call, context) {
      const answer = engine.isAuthorized(request(call, context));
      if (answer.type !== 'success') {
        throw new Error(answer.errors.map(({ message }) => message).join('; '));
      }
      const { decision, diagnostics } = answer.response;
      const [failing] = diagnostics.errors;
      if (failing !== undefined)
        throw new Error(`its policy ${failing.policyId} cannot be evaluated`);
      if (decision === 'allow') return undefined;
      const by = diagnostics.reason.join(', ');
      return { effect: 'deny', reason: by === '' ? 'no policy permits it' : `forbidden by ${by}` };
    },
  });
}
