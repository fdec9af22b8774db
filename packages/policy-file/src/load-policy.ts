import { type Fact, ownOptions } from '@guardstile/core';
import type { CompileOptions, RulePolicy } from '@guardstile/policy';

import { compileFile } from './compile-file.ts';
import { fileInvalid } from './file-issue.ts';
import { type PolicySource, readSource } from './policy-source.ts';
import type { GivenSet } from './values.ts';

export interface LoadOptions {
  /** Members of the sets that the file leaves to the application. */
  readonly sets?: Readonly<Record<string, GivenSet>>;
  /** @default process.env; a file sees only what it declares */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whether the examples of a file stand for the sets that are not given, for trying it out. @default false */
  readonly examples?: boolean;
  /** Names of all tools, so that rules, tests and facts about none of them are refused. @default not checked */
  readonly tools?: readonly string[];
  /** Told of every ask, every denial and every call on which a shadow rule would have changed the verdict. */
  readonly report?: CompileOptions['report'];
}

export const LOAD_OPTIONS: ReadonlyArray<keyof LoadOptions> = [
  'sets',
  'env',
  'examples',
  'tools',
  'report',
];

/** A policy from a file. */
export interface FilePolicy extends RulePolicy {
  /** What the file states of tools. The policy knows it; pass it to the guard where others need it. */
  readonly facts: Readonly<Record<string, Fact | readonly Fact[]>>;
}

/**
 * The policy of a YAML or JSON file.
 *
 * @example
 * const guard = createGuard({ policy: loadPolicy('policies/support.yaml') });
 *
 * @throws {GuardError} `policy_invalid` with file, line and column of everything that is wrong with it.
 */
export function loadPolicy(source: PolicySource, options: LoadOptions = {}): FilePolicy {
  const own = ownOptions('loadPolicy', options, LOAD_OPTIONS, 'options_invalid');
  const file = readSource(source);
  const compiled = compileFile(file, {
    ...own,
    env: own.env ?? process.env,
    examples: own.examples ?? false,
  });
  if (!compiled.ok) throw fileInvalid(compiled.issues);
  return { ...compiled.policy, facts: file.document.facts ?? {} };
}
