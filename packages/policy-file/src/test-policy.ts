import { compileFile } from './compile-file.ts';
import { fileInvalid } from './file-issue.ts';
import type { LoadOptions } from './load-policy.ts';
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
  const file = readSource(source);
  const compiled = compileFile(file, {
    ...options,
    env: options.env ?? process.env,
    examples: true,
  });
  if (!compiled.ok) throw fileInvalid(compiled.issues);
  return runTests(file, compiled.policy);
}
