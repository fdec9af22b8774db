import { grantable, grantableFields, type GrantScope } from '@guardstile/core';

import type { ShownRequest } from './describe-request.ts';

/** How far an approval of the request may reach: what core would refuse is not offered to anybody. */
export function offeredGrants({
  requirements,
  context,
  args,
}: Pick<ShownRequest, 'requirements' | 'context' | 'args'>): readonly GrantScope[] {
  if (context.principal === undefined || grantableFields(args) === undefined) return [];
  return grantable(requirements).filter(
    (scope) => scope !== 'session' || context.session !== undefined,
  );
}
