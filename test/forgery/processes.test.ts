import { memoryApprovals } from '@guardstile/core';
import { describe, expect, it } from 'vitest';
import { approved } from './claim.ts';
import type { Methods } from './remote.ts';
import { startServer as start } from './start-server.ts';

/** What all servers keep their approvals in. */
function sharedStore(): Methods {
  const { create, get, find, vote, consume, cancel, list } = memoryApprovals();
  return { create, get, find, vote, consume, cancel, list };
}

const VERSIONS = [6, 7];

describe('two processes that share an approval store', () => {
  it('run a call once that one asked about and the other was answered', async () => {
    const store = sharedStore();
    const [one, other] = [start(['shared'], store), start(['shared'], store)];
    for (const major of VERSIONS) {
      const claims = (await one.ask(major, `call-${major}`)).map(approved);
      await other.post(major, claims);
      await one.post(major, claims);
      await other.post(major, claims);
    }
    const replayed = VERSIONS.map(() => 'approval_consumed');
    expect(await one.report()).toMatchObject({ bodies: 0, codes: replayed, whole: true });
    expect(await other.report()).toMatchObject({ bodies: 2, codes: replayed, whole: true });
  });

  it('run a call once that both are answered at the same moment', async () => {
    const store = sharedStore();
    const servers = [start(['shared'], store), start(['shared'], store)];
    for (const major of VERSIONS) {
      const asked = await Promise.all(servers.map((server) => server.ask(major, `call-${major}`)));
      // Both ask about the same call, and either question will do.
      const claims = (asked[0] ?? []).map(approved);
      await Promise.all([...servers, ...servers].map((server) => server.post(major, claims)));
    }
    const reports = await Promise.all(servers.map((server) => server.report()));
    expect(reports.reduce((bodies, report) => bodies + report.bodies, 0)).toBe(VERSIONS.length);
    expect(reports.every(({ whole }) => whole)).toBe(true);
    const refused = reports.flatMap(({ codes }) => codes);
    expect(new Set(refused)).toEqual(new Set(['approval_consumed']));
    expect(refused).toHaveLength(VERSIONS.length * 3);
  });

  it('run a call once that a process asked about which has died since', async () => {
    const store = sharedStore();
    const one = start(['shared'], store);
    const claims = (await one.ask(7, 'call-1')).map(approved);
    await one.stop();
    const other = start(['shared'], store);
    await other.post(7, claims);
    await other.post(7, claims);
    expect(await other.report()).toMatchObject({ bodies: 1, codes: ['approval_consumed'] });
  });
});

describe('two processes that share nothing', () => {
  it('know nothing of what the other asked, and say what to do about it', async () => {
    const [one, other] = [start(['own']), start(['own'])];
    for (const major of VERSIONS) {
      await other.post(major, (await one.ask(major, `call-${major}`)).map(approved));
    }
    const { bodies, codes, reasons } = await other.report();
    expect(bodies).toBe(0);
    expect(codes).toEqual(VERSIONS.map(() => 'approval_unknown'));
    for (const reason of reasons)
      expect(reason).toContain('create the guard once or share an approval store');
  });
});
