import type { ApprovalStore, Grant } from '@guardstile/core';

const PAGE = 100;

/** The grant, ended or not. A store lists grants and looks none up: they are few. */
export async function findGrant(
  { grants }: ApprovalStore,
  gid: string,
): Promise<Grant | undefined> {
  let after: string | undefined;
  for (;;) {
    const page: readonly Grant[] =
      (await grants?.list({
        ended: true,
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      })) ?? [];
    const found = page.find((grant) => grant.gid === gid);
    if (found !== undefined || page.length < PAGE) return found;
    after = page.at(-1)?.gid;
  }
}
