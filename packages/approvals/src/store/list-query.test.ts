import { DatabaseSync } from 'node:sqlite';
import { digest } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { DUE_QUERY, listQuery } from './approval-rows.ts';
import { approvalSeal } from './approval-seal.ts';
import { SCHEMA } from './schema.ts';
import { grantQuery } from './sqlite-grants.ts';

const seal = approvalSeal(new Uint8Array(32), 'store');
const database = new DatabaseSync(':memory:');
database.exec(SCHEMA);

function planOf(sql: string, count: number): string {
  const values = Array.from({ length: count }, () => 1);
  return database
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...values)
    .map(({ detail }) => String(detail))
    .join('; ');
}

/** Every choice of some of the fields. */
function choices<T extends Readonly<Record<string, string>>>(whole: T): readonly Partial<T>[] {
  return Object.entries(whole).reduce<readonly Partial<T>[]>(
    (chosen, [name, value]) => [...chosen, ...chosen.map((some) => ({ ...some, [name]: value }))],
    [{}],
  );
}

const states = ['pending', 'approved', 'denied', 'expired', 'cancelled', 'consumed'] as const;
const filters = states.flatMap((state) =>
  choices({
    state,
    tenant: 't',
    principal: 'p',
    session: 's',
    tool: 'x',
    digest: digest('args', 1),
  }),
);

describe('the query of a list', () => {
  it('follows an index in the order of creation, for every filter', () => {
    for (const filter of filters) {
      const { sql, values } = listQuery(filter, seal);
      const plan = planOf(sql, values.length + 2);
      expect(plan).toMatch(/^SEARCH approval USING (INDEX|INTEGER PRIMARY KEY)/);
      expect(plan).not.toContain('TEMP B-TREE');
      if (Object.keys(filter).length > 0) expect(plan).toContain('USING INDEX');
    }
  });

  it('looks among the pending ones only, where those are asked for', () => {
    for (const field of ['tenant', 'principal', 'tool'] as const) {
      const { sql, values } = listQuery({ state: 'pending', [field]: 'x' }, seal);
      expect(planOf(sql, values.length + 2)).toContain(`USING INDEX pending_${field}`);
    }
  });

  it('of what is due looks at nothing else', () => {
    expect(planOf(DUE_QUERY, 2)).toMatch(/^SEARCH approval USING INDEX approval_due/);
  });

  it('of grants scans no table', () => {
    for (const filter of choices({ tenant: 't', principal: 'p', tool: 'x' })) {
      const { sql, values } = grantQuery(filter, 0);
      expect(planOf(sql, values.length + 2)).toMatch(/^SEARCH standing_grant USING/);
    }
  });
});
