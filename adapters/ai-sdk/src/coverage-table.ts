import { visible } from '@guardstile/core';

import type { CoverageReport, CoverageWarning } from './coverage.ts';
import { type Coverage, COVERAGE_TEXTS } from './tool-coverage.ts';

const HEADER = ['tool', 'coverage', 'verdict', 'what to do'] as const;
const LONGEST_NAME = 40;

/** The report as plain text: a line per tool, then what each kind of coverage means. */
export function coverageTable(report: CoverageReport): string {
  const rows = report.tools.map(({ tool, coverage, verdict, todo }) => [
    shortened(tool),
    coverage,
    verdict === 'none' ? '-' : verdict,
    todo === '' ? '-' : todo,
  ]);
  const kinds = [...new Set(report.tools.map(({ coverage }) => coverage))];
  return [
    ...aligned([HEADER, ...rows]),
    ...(report.tools.length === 0 ? ['(no tools)'] : []),
    ...block(kinds.map(legend)),
    ...block(report.warnings.map(warning)),
    '',
    report.complete
      ? 'A guard stands before everything listed.'
      : 'Not everything listed is behind a guard.',
  ].join('\n');
}

function aligned(rows: ReadonlyArray<readonly string[]>): readonly string[] {
  const widths = HEADER.map((_, column) =>
    Math.max(...rows.map((row) => Array.from(row[column] ?? '').length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - Array.from(cell).length))
      .join('  ')
      .trimEnd(),
  );
}

function block(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines];
}

function legend(coverage: Coverage): string {
  const { can, cannot } = COVERAGE_TEXTS[coverage];
  return `${coverage}: the guard can ${can}; it cannot ${cannot}.`;
}

function warning({ about, cannot, todo }: CoverageWarning): string {
  return `! ${about}: the guard cannot ${visible(cannot)}; ${todo}.`;
}

/** Names come from servers too: nothing in them may break the table or imitate a line of it. */
function shortened(name: string): string {
  const shown = Array.from(visible(name));
  return shown.length <= LONGEST_NAME
    ? shown.join('')
    : `${shown.slice(0, LONGEST_NAME - 1).join('')}…`;
}
