import { visible } from '@guardstile/core';
import { describeExplanation } from '@guardstile/policy';
import type { PolicyFileIssue, PolicyFileReport, PolicyTestResult } from '@guardstile/policy-file';

/** A report for a person. */
export function describeReport(report: PolicyFileReport): string {
  const { errors, warnings, skipped } = report;
  return [
    ...describeErrors(errors),
    ...warnings.map((issue) => line('warning', issue)),
    ...describeTests(report.tests),
    ...skipped.map((check) => `skipped: ${visible(check)}${HINT[check] ?? ''}`),
    summary(report),
  ]
    .map((text) => `${text}\n`)
    .join('');
}

const HINT: Readonly<Record<string, string>> = {
  'rules, tests and facts about no tool': ' (pass --tools MODULE for this and the next two)',
};

/** Why a file cannot be loaded. */
export function describeErrors(errors: readonly PolicyFileIssue[]): readonly string[] {
  return errors.map((issue) => line('error', issue));
}

function line(what: string, { file, line: row, column, message }: PolicyFileIssue): string {
  return `${visible(file)}:${row}:${column}: ${what}: ${visible(message)}`;
}

/** What failed, each with why it was decided so. */
export function describeTests(tests: readonly PolicyTestResult[]): readonly string[] {
  return tests
    .filter(({ passed }) => !passed)
    .map(({ at, explanation }) => {
      const why = describeExplanation(explanation).replaceAll(/^/gm, '    ');
      return `${line('test failed', at)}\n${why}`;
    });
}

function summary({ file, errors, warnings, tests, rules }: PolicyFileReport): string {
  const name = visible(file);
  if (errors.length > 0) return `${name}: INVALID, ${count(errors.length, 'error')}`;
  const failed = tests.filter(({ passed }) => !passed).length;
  const parts = [
    count(rules, 'rule'),
    ...(warnings.length > 0 ? [count(warnings.length, 'warning')] : []),
    testsOf(tests.length, failed),
  ];
  const verdict = failed > 0 ? 'TESTS FAILED' : warnings.length > 0 ? 'WARNINGS' : 'OK';
  return `${name}: ${verdict}, ${parts.join(', ')}`;
}

/** As in `3 of 20 tests failed`. */
export function testsOf(all: number, failed: number): string {
  if (all === 0) return 'no tests';
  return failed > 0 ? `${failed} of ${count(all, 'test')} failed` : `${count(all, 'test')} passed`;
}

function count(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? '' : 's'}`;
}
