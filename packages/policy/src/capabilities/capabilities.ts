import { ownOptions } from '@guardstile/core';

import { type CompileOptions, compilePolicy, type RulePolicy } from '../rule-policy.ts';
import type { CapabilitiesDocument } from './document.ts';

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
): RulePolicy {
  const own = ownOptions('capabilities', options, ['name', 'report'], 'options_invalid');
  return compilePolicy({ capabilities: document }, { name: 'capabilities', ...own });
}
