import { type CallContext, type Digest, digest, type Policy } from '@guardstile/core';

/** The digest of a policy together with what was put around it; computed once per policy beneath. */
export function derivedDigest(policy: Policy, around: object): (context: CallContext) => Digest {
  let last: { readonly of: Digest; readonly is: Digest } | undefined;
  return (context) => {
    const of = policy.digest(context);
    if (last?.of !== of) last = { of, is: digest('policy', { ...around, of }) };
    return last.is;
  };
}
