import { allowAll, createGuard, toolPolicy } from '@guardstile/core';
import { describe, expect, it } from 'vitest';

import { temporaryDirectory } from '../../../test/support/temporary-directory.ts';
import { createAuditKeys } from './audit-keys.ts';
import type { Caps } from './caps.ts';
import { fileAudit } from './file-audit.ts';

// A busy machine is no reason to give up.
const keys = { ...createAuditKeys(), deadlineMs: 60_000 };

function guarded(caps: Caps, policy = allowAll()) {
  const audit = fileAudit(temporaryDirectory(), { ...keys, caps });
  const guard = createGuard({ policy, audit });
  const call = async (session: string, tenant: string, body: () => unknown = () => 'ran') =>
    guard.call(
      {
        tool: 'look',
        args: { text: 'x'.repeat(200) },
        context: { session, principal: { id: 'u', tenant } },
      },
      body,
    );
  return { audit, guard, call };
}

/** How many calls ran before one was denied. */
async function runs(call: () => Promise<unknown>, most = 100): Promise<number> {
  for (let ran = 0; ran < most; ran += 1) {
    try {
      await call();
    } catch {
      return ran;
    }
  }
  return most;
}

describe('a session that fills the log', () => {
  it('is stopped: its calls are denied, others go on, and the log grows no more for it', async () => {
    const { audit, guard, call } = guarded({ session: { bytes: 5000 } });
    const ran = await runs(() => call('s1', 't1'));
    expect(ran).toBeGreaterThan(2);
    expect(ran).toBeLessThan(20);
    const before = audit.query({ session: 's1' });
    expect(before.at(-1)).toMatchObject({ action: 'session.stopped', code: 'limit_exceeded' });
    expect(await runs(() => call('s1', 't1'))).toBe(0);
    expect(audit.query({ session: 's1' })).toHaveLength(before.length);
    expect(await runs(() => call('s2', 't1'), 2)).toBe(2);
    await expect(call('s1', 't1')).rejects.toThrow('has filled as much of the audit log');
    // The same session id of another tenant is another session.
    expect(await runs(() => call('s1', 't2'), 2)).toBe(2);
    await guard.close();
  });

  it('with denials is stopped after as many as it may', async () => {
    const policy = toolPolicy({ deny: ['look'] });
    const { audit, guard, call } = guarded({ session: { denials: 3 } }, policy);
    for (let calls = 0; calls < 10; calls += 1) await expect(call('s1', 't1')).rejects.toThrow();
    expect(audit.query({ action: 'tool.deny' })).toHaveLength(3);
    expect(audit.query({ action: 'session.stopped' })).toHaveLength(1);
    await guard.close();
  });

  it('has the outcome of what was allowed before written down', async () => {
    const { audit, guard, call } = guarded({ session: { bytes: 5000 } });
    let finish: () => void = () => undefined;
    const slow = call('s1', 't1', async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
    });
    await runs(() => call('s1', 't1'));
    finish();
    await slow;
    const { attempt } = audit.query({ action: 'tool.allow' })[0] ?? {};
    const outcomes = audit.query({ action: 'tool.outcome' });
    expect(outcomes.map((outcome) => outcome.attempt)).toContain(attempt);
    expect(outcomes.at(-1)?.attempt).toBe(attempt);
    await guard.close();
  });
});

describe('a tenant that fills the log', () => {
  it('is stopped with all of its sessions, and no other tenant', async () => {
    const { audit, guard, call } = guarded({ tenant: { bytes: 5000 } });
    let session = 0;
    expect(await runs(() => call(`s${(session += 1)}`, 't1'))).toBeLessThan(20);
    expect(await runs(() => call('new', 't1'))).toBe(0);
    expect(await runs(() => call('new', 't2'), 2)).toBe(2);
    expect(audit.query({ action: 'tenant.stopped' })).toHaveLength(1);
    await guard.close();
  });
});
