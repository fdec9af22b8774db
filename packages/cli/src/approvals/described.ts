import {
  type ApprovalView,
  describeApproval,
  type DescribeApprovalOptions,
} from '@guardstile/approvals';

import type { Io } from '../io.ts';

/** Wide enough for a digest on one line, where nobody counts columns. */
const WIDE = 200;

/** An approval as wide as whoever reads it can read. */
export function described(
  { interactive }: Io,
  approval: ApprovalView,
  options: DescribeApprovalOptions = {},
): string {
  const columns = interactive ? process.stdout.columns : WIDE;
  return describeApproval(approval, { columns, ...options });
}
