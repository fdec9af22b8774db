import { allow, deny } from '../decision.ts';
import { digest } from '../digest.ts';
import { ownOptions } from '../own-options.ts';
import { toolSet } from './checks.ts';
import type { Policy } from './policy.ts';

export interface ToolPolicyOptions {
  /** Only these tools may run. `[]` permits nothing, absent restricts nothing. */
  readonly allow?: Iterable<string> & object;
  /** These tools never run. Beats everything else. */
  readonly deny?: Iterable<string> & object;
  /** These tools run only when `allow` names them. */
  readonly optional?: Iterable<string> & object;
}

/** Allow and deny lists by tool name; what no list mentions is allowed. */
export function toolPolicy(options: ToolPolicyOptions): Policy {
  const own = ownOptions('toolPolicy', options, ['allow', 'deny', 'optional'], 'policy_invalid');
  const allowed = toolSet('toolPolicy', 'allow', own.allow);
  const denied = toolSet('toolPolicy', 'deny', own.deny);
  const optional = toolSet('toolPolicy', 'optional', own.optional);
  const id = digest('policy', {
    kind: 'tool',
    allow: allowed === undefined ? null : [...allowed].sort(),
    deny: [...(denied ?? [])].sort(),
    optional: [...(optional ?? [])].sort(),
  });
  return {
    name: 'toolPolicy',
    layer: 'grants',
    digest: () => id,
    resolve({ identity: { name } }) {
      if (denied?.has(name) === true) return deny(id, 'it is on the deny list');
      if (allowed?.has(name) === true) return allow(id, 'it is on the allow list');
      if (allowed !== undefined) return deny(id, 'it is not on the allow list');
      if (optional?.has(name) === true) return deny(id, 'it is optional and was not opted into');
      return allow(id, 'no list restricts it');
    },
  };
}
