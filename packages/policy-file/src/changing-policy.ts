import type { Policy, Ruling } from '@guardstile/core';

import type { FilePolicy } from './load-policy.ts';
import type { InUse } from './reload-policy.ts';

/** A policy that says what the version in use says. */
export function changingPolicy(
  inUse: InUse,
): FilePolicy & Required<Pick<Policy, 'onChange'>> & { readonly files: readonly string[] } {
  const { name, layer } = inUse.version.policy;
  return {
    name,
    layer,
    get rules() {
      return inUse.version.policy.rules;
    },
    get opaque() {
      return inUse.version.policy.opaque;
    },
    get needs() {
      return inUse.version.policy.needs ?? {};
    },
    get facts() {
      return inUse.version.policy.facts;
    },
    get files() {
      return inUse.version.file.files;
    },
    digest: (context) => inUse.version.policy.digest(context),
    resolve: (tool) => {
      // What a version says of the tool, asked once for as long as it is the one in use.
      let known: { readonly policy: Policy; readonly ruling: Ruling } | undefined;
      return (call, context) => {
        const { policy } = inUse.version;
        if (known?.policy !== policy) known = { policy, ruling: policy.resolve(tool) };
        const { ruling } = known;
        return typeof ruling === 'function' ? ruling(call, context) : ruling;
      };
    },
    explain: (call) => inUse.version.policy.explain(call),
    checkCapability: (...asked) => inUse.version.policy.checkCapability(...asked),
    labelsOf: (...asked) => inUse.version.policy.labelsOf(...asked),
    onChange(listener) {
      inUse.listeners.add(listener);
      return () => void inUse.listeners.delete(listener);
    },
  };
}
