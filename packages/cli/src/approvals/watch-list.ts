import type { ApprovalView } from '@guardstile/approvals';
import type { ApprovalStore } from '@guardstile/core';

/** What is watched, and how it is shown. */
interface Watched {
  readonly approvals: ApprovalStore;
  readonly signal: AbortSignal;
  /** What was shown already. */
  readonly seen: readonly ApprovalView[];
  /** What is listed now. */
  readonly look: () => Promise<readonly ApprovalView[]>;
  /** One that is not listed any more. */
  readonly now: (aid: string) => Promise<ApprovalView | undefined>;
  readonly show: (approval: ApprovalView) => void;
}

/** The store tells of changes, but not that time has passed. */
const LOOK_MS = 10_000;

/** Shows what is new or has changed until the signal. */
export async function watchList({
  approvals,
  signal,
  seen,
  look,
  now,
  show,
}: Watched): Promise<void> {
  let known = new Map(seen.map((approval) => [approval.aid, approval.version]));
  let wake = (): void => {};
  let isDue = false;
  const hint = (): void => {
    isDue = true;
    wake();
  };
  const stop = approvals.subscribe?.(hint);
  const timer = setInterval(hint, LOOK_MS);
  signal.addEventListener('abort', hint, { once: true });
  try {
    // What changed before the watch began.
    hint();
    while (!signal.aborted) {
      if (!isDue) await new Promise<void>((resolve) => (wake = resolve));
      isDue = false;
      if (signal.aborted) return;
      known = await showChanges(known, await look(), now, show);
    }
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', hint);
    stop?.();
  }
}

async function showChanges(
  known: ReadonlyMap<string, number>,
  listed: readonly ApprovalView[],
  now: Watched['now'],
  show: Watched['show'],
): Promise<Map<string, number>> {
  const next = new Map(listed.map((approval) => [approval.aid, approval.version]));
  for (const approval of listed) {
    if (known.get(approval.aid) !== approval.version) show(approval);
  }
  for (const aid of known.keys()) {
    if (next.has(aid)) continue;
    const gone = await now(aid);
    if (gone !== undefined) show(gone);
  }
  return next;
}
