import type { Decision } from '@guardstile/core';

import { allowed, denied } from '../decisions.ts';
import { placeIn } from '../issues.ts';
import { type CompileOptions, compilePolicy, type RulePolicy } from '../rule-policy.ts';
import { aboutCapability } from './check.ts';
import type { CapabilitiesDocument } from './document.ts';
import { readCapabilities } from './read.ts';

/** A policy that knows tools by what they can reach. */
export interface CapabilityPolicy extends RulePolicy {
  /**
   * The verdict on a capability without a tool, on a resource (a path, or a URL) where only some are
   * allowed. A name that is no capability is denied.
   */
  checkCapability(name: string, resource?: string): Decision;
}

/**
 * A policy that allows tools within their capabilities and denies all others.
 *
 * @example
 * const policy = capabilities({ grant: 'read-only', paths: ['/data/faq'] });
 * policy.checkCapability('readFile', '/data/faq/guide.md').effect; // 'allow'
 * policy.checkCapability('executeCode').effect; // 'deny'
 *
 * @throws {GuardError} `policy_invalid`.
 */
export function capabilities(
  document: CapabilitiesDocument,
  options: Pick<CompileOptions, 'name' | 'report'> = {},
): CapabilityPolicy {
  const policy = compilePolicy({ capabilities: document }, { name: 'capabilities', ...options });
  const grant = readCapabilities(document, placeIn([])); // without issues, or this were not reached
  return {
    ...policy,
    checkCapability(name, resource) {
      const ground = { policy: policy.digest({}), rule: undefined };
      if (grant === undefined) return denied({ ...ground, reason: 'nothing is granted' });
      const { effect, reason } = aboutCapability(grant, name, resource);
      return effect === 'allow' ? allowed({ ...ground, reason }) : denied({ ...ground, reason });
    },
  };
}
