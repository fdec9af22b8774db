import { compileFile } from './compile-file.ts';
import { fileInvalid } from './file-issue.ts';
import type { FilePolicy, LoadOptions } from './load-policy.ts';
import { readSource } from './policy-source.ts';
import { type PolicyMeaning, policyMeaning } from './policy-meaning.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { runTests } from './run-tests.ts';

/** A policy file as it was at one time. */
export interface PolicyVersion {
  readonly file: ReadPolicyFile;
  readonly policy: FilePolicy;
  /** Counts what was signed: whoever widens a policy raises it. */
  readonly revision: number;
  /** The document with its references filled in, to be compared with another version's. */
  readonly meaning: PolicyMeaning;
}

export type VersionOptions = Omit<LoadOptions, 'examples'>;

/**
 * Reads, compiles and tests.
 *
 * @throws {GuardError} `policy_invalid`.
 */
export async function readVersion(path: string, options: VersionOptions): Promise<PolicyVersion> {
  const file = readSource(path);
  const env = options.env ?? process.env;
  const compiled = compileFile(file, { ...options, env, examples: false });
  if (!compiled.ok) throw fileInvalid(compiled.issues);
  const tried = compileFile(file, { env, examples: true });
  if (!tried.ok) throw fileInvalid(tried.issues);
  const failed = (await runTests(file, tried.policy)).filter(({ passed }) => !passed);
  if (failed.length > 0) throw fileInvalid(failed.map(({ at }) => at));
  const { facts = {}, revision = 0 } = file.document;
  return {
    file,
    policy: { ...compiled.policy, facts },
    revision,
    meaning: policyMeaning(file, env),
  };
}

/** Whether nothing was written since, not even a comment. */
export function sameTexts(a: PolicyVersion, b: PolicyVersion): boolean {
  return (
    a.file.texts.length === b.file.texts.length &&
    a.file.texts.every(({ text }, i) => text === b.file.texts[i]?.text)
  );
}
