import { ownOptions } from '@guardstile/core';

import { compileFile } from './compile-file.ts';
import { fileInvalid } from './file-issue.ts';
import { LOAD_OPTIONS, type LoadOptions } from './load-policy.ts';
import { type PolicySource, readSource } from './policy-source.ts';
import { type PolicyTestResult, runTests } from './run-tests.ts';

/**
 * Runs the tests that a policy file brings. The examples of the file stand for sets that are not given.
 *
 * @throws {GuardError} `policy_invalid` for a file that cannot be loaded.
 */
export async function testPolicy(
  source: PolicySource,
  options: LoadOptions = {},
): Promise<readonly PolicyTestResult[]> {
  const own = ownOptions('testPolicy', options, LOAD_OPTIONS, 'options_invalid');
  const file = readSource(source);
  const compiled = compileFile(file, {
    ...own,
    env: own.env ?? process.env,
    examples: true,
  });
  if (!compiled.ok) throw fileInvalid(compiled.issues);
  return runTests(file, compiled.policy);
}
