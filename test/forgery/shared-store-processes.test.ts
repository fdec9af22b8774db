import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { REFUND } from './attack.ts';
import { about, approved, forged } from './claim.ts';
import { startServer } from './start-server.ts';

const file = () => ['file', join(temporaryDirectory(), 'approvals.db')] as const;

describe('processes that have one file of approvals', () => {
  it('run once what one asked about that was killed, though both others get it at once', async () => {
    const path = file();
    const [first, ...both] = [startServer(path), startServer(path), startServer(path)];
    const asked = [6, 7].map(async (major) => ({
      major,
      claims: (await first.ask(major, `call-${major}`)).map(approved),
    }));
    const answered = await Promise.all(asked);
    await first.stop();
    for (const { major, claims } of answered) {
      await Promise.all([...both, ...both].map((server) => server.post(major, claims)));
    }
    const reports = await Promise.all(both.map((server) => server.report()));
    expect(reports.map(({ bodies }) => bodies).reduce((a, b) => a + b)).toBe(2);
    expect(reports.flatMap(({ codes }) => codes)).toEqual(
      Array.from({ length: 6 }, () => 'approval_consumed'),
    );
    expect(reports.every(({ whole }) => whole)).toBe(true);
  });

  it('run nothing that a client made up or changed, wherever it is posted', async () => {
    const path = file();
    const [one, other] = [startServer(path), startServer(path)];
    const claims = (await one.ask(7, 'call-1')).map(approved);
    const attempts = [
      [forged({ ...REFUND, id: 'call-2' })],
      claims.map((claim) => about(claim, { args: { amount: 5000 } })),
      claims.map((claim) => about(claim, { tool: 'payout' })),
      claims.map((claim) => about(claim, { id: 'call-2' })),
    ];
    for (const attempt of attempts) await other.post(7, attempt);
    const { bodies, codes } = await other.report();
    expect([bodies, codes]).toEqual([0, attempts.map(() => 'approval_unknown')]);
    await other.post(7, claims);
    expect((await other.report()).bodies).toBe(1);
    await one.post(7, claims);
    expect(await one.report()).toMatchObject({ bodies: 0, codes: ['approval_consumed'] });
  });
});
