import type { Requirements } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { offeredGrants } from './offered-grants.ts';

const requirements: Requirements = {
  votes: [{ kind: 'confirm' }],
  editable: [],
  grants: ['session', 'always'],
  rules: ['refund.large'],
};
const request = {
  requirements,
  context: { principal: { id: 'alice' }, session: 's1' },
  args: { amount: 900 },
};

describe('the grants that are offered', () => {
  it('are those of what asks', () => {
    expect(offeredGrants(request)).toEqual(['session', 'always']);
    expect(offeredGrants({ ...request, args: ['o1'] })).toEqual(['session', 'always']);
    expect(offeredGrants({ ...request, args: undefined })).toEqual(['session', 'always']);
  });

  it('are none where no rule is named', () => {
    const { rules: _, ...unnamed } = requirements;
    expect(offeredGrants({ ...request, requirements: unnamed })).toEqual([]);
  });

  it('are none for arguments of which nothing can stay the same', () => {
    expect(offeredGrants({ ...request, args: 'refund o1' })).toEqual([]);
    expect(offeredGrants({ ...request, args: 7 })).toEqual([]);
  });

  it("are none on nobody's behalf", () => {
    expect(offeredGrants({ ...request, context: { session: 's1' } })).toEqual([]);
  });

  it('are for no session where there is none', () => {
    expect(offeredGrants({ ...request, context: { principal: { id: 'alice' } } })).toEqual([
      'always',
    ]);
  });
});
