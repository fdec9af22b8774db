import { type FilePolicy, loadPolicy } from '@guardstile/policy-file';
import type { Ground } from './contender.ts';
import type { SuitePolicy } from './suite-policies.ts';

/**
 * The policy of a file, for the tools of the suite, with the lists of the application that it asks for.
 *
 * @throws {GuardError} `policy_invalid` for whatever is wrong with it.
 */
export function loadSuitePolicy(
  { path, text, document }: SuitePolicy,
  { suite, givenSets }: Ground,
): FilePolicy {
  const sets = Object.entries(givenSets(suite)).filter(([name]) =>
    Object.hasOwn(document.sets, name),
  );
  return loadPolicy(
    { text, name: path },
    { sets: Object.fromEntries(sets), tools: suite.tools.map(({ name }) => name) },
  );
}
