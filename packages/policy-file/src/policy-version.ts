import { compileFile } from './compile-file.ts';
import { fileInvalid } from './file-issue.ts';
import type { FilePolicy, LoadOptions } from './load-policy.ts';
import { readSource } from './policy-source.ts';
import type { ReadPolicyFile } from './read-policy-file.ts';
import { fillReferences } from './references.ts';
import { runTests } from './run-tests.ts';
import { type Values, valuesOf } from './values.ts';

/** A policy file as it was at one time. */
export interface PolicyVersion {
  readonly file: ReadPolicyFile;
  readonly policy: FilePolicy;
  /** Counts what was signed: whoever widens a policy raises it. */
  readonly revision: number;
  /** The document with its references filled in, to be compared with another version's. */
  readonly meaning: Readonly<Record<string, unknown>>;
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
  return { file, policy: { ...compiled.policy, facts }, revision, meaning: meaningOf(file, env) };
}

/** A set that the application gives stays a name. */
function meaningOf(
  file: ReadPolicyFile,
  env: NonNullable<LoadOptions['env']>,
): PolicyVersion['meaning'] {
  const { sets = {}, ...document } = file.document;
  const values = valuesOf(file, { env, examples: true }, []).example;
  const filled = Object.entries(sets).map(([name, set]) => [
    name,
    'given' in set ? [{ given: name }] : set,
  ]);
  return fillReferences(
    document,
    { env: values.env, sets: Object.fromEntries(filled) as Values['sets'] }, // only compared
    () => undefined,
  ) as PolicyVersion['meaning']; // a document again
}

/** Whether nothing was written since, not even a comment. */
export function sameTexts(a: PolicyVersion, b: PolicyVersion): boolean {
  return (
    a.file.texts.length === b.file.texts.length &&
    a.file.texts.every(({ text }, i) => text === b.file.texts[i]?.text)
  );
}
