import { GuardError } from '@guardstile/core';

/** Something that is wrong with a policy file, and where. */
export interface PolicyFileIssue {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** From the top of that file, such as `['rules', 3, 'where', 'amount', 'gtt']`. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

const MOST_SHOWN = 10;

/** As in `bank.yaml:12:7: "gtt" is no operator`. */
function describeIssue({ file, line, column, message }: PolicyFileIssue): string {
  return `${file}:${line}:${column}: ${message}`;
}

/** All issues as one error. */
export function fileInvalid(issues: readonly PolicyFileIssue[]): GuardError {
  const lines = issues.slice(0, MOST_SHOWN).map(describeIssue);
  const more = issues.length > MOST_SHOWN ? [`and ${issues.length - MOST_SHOWN} more`] : [];
  return new GuardError('policy_invalid', [...lines, ...more].join('; '));
}
