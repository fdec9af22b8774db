import type { ApprovalRequest } from '@guardstile/core';

/** A call that was approved here before. */
export interface ApprovedBefore {
  /** As they were shown, with what was hidden in them. */
  readonly args: unknown;
  readonly hidden: readonly string[];
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The last approved call of each tool. */
export interface LastApproved {
  get(request: ApprovalRequest): ApprovedBefore | undefined;
  set(request: ApprovalRequest, approved: ApprovedBefore): void;
}

const REMEMBERED = 1000;

export function lastApproved(): LastApproved {
  const byTool = new Map<string, ApprovedBefore>();
  return {
    get: (request) => byTool.get(keyOf(request)),
    set(request, approved) {
      byTool.delete(keyOf(request));
      byTool.set(keyOf(request), approved);
      const [oldest] = byTool.keys();
      if (byTool.size > REMEMBERED && oldest !== undefined) byTool.delete(oldest);
    },
  };
}

function keyOf({ tool, context }: ApprovalRequest): string {
  return JSON.stringify([context.principal?.tenant ?? null, tool.source, tool.name]);
}
