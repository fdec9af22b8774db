import { useEffect, useState } from 'react';

import type { OpenApproval } from '../open-approval.ts';

/** What the server waits for in this conversation; `undefined` until it has said so. */
export function useOpenApprovals(
  chat: string,
  asking: number,
): readonly OpenApproval[] | undefined {
  const [approvals, setApprovals] = useState<readonly OpenApproval[] | undefined>(undefined);
  useEffect(() => {
    setApprovals(undefined);
    if (asking === 0) return undefined;
    const left = new AbortController();
    fetch(`/api/chat?chat=${encodeURIComponent(chat)}`, { signal: left.signal })
      .then((response) => response.json())
      .then((open: readonly OpenApproval[]) => setApprovals(open))
      .catch(() => setApprovals(left.signal.aborted ? undefined : []));
    return () => left.abort();
  }, [chat, asking]);
  return approvals;
}
