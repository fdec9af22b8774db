import { createGuard, isGuardError, type LimitClaim } from '@guardstile/core';
import { sqliteLimits, sqliteStopSwitch } from '@guardstile/limits';
import { describe, expect, it, onTestFinished } from 'vitest';

import { run } from '../support/run.ts';
import { type Payer, payers } from './payers.ts';
import { race } from './race.ts';

/** `GUARDSTILE_RACES=10 npx vitest run test/limits/processes.test.ts` races more often, and for more. */
const races = Number(process.env['GUARDSTILE_RACES'] ?? 1);
const rounds = Array.from({ length: races }, (_, i) => i + 1);

const DAY = 86_400_000;
const transfers: LimitClaim = {
  id: 'transfers',
  amount: 2000,
  max: 5000,
  windowMs: DAY,
  per: 'guard',
};
const oneAtATime: LimitClaim = { id: 'renders', max: 1, windowMs: 'running', per: 'guard' };

/** Three calls of each process, all at once. */
async function payAll(all: readonly Payer[]): Promise<readonly string[]> {
  return Promise.all(all.flatMap((one, i) => [1, 2, 3].map((n) => one.pay(`${i}.${n}`))));
}

describe('transfers of 2,000 under a limit of 5,000 of four processes', () => {
  it('run twice, whoever is first, and not again after these are done', async () => {
    const { start, ledger } = payers();
    const four = await Promise.all([1, 2, 3, 4].map(() => start(transfers)));
    const answers = await payAll(four);
    expect(answers.filter((answer) => answer === 'started')).toHaveLength(2);
    expect(answers.filter((answer) => answer === 'limit_exceeded')).toHaveLength(10);
    for (const one of four) one.finish();
    expect(await four[0]?.pay('later')).toBe('limit_exceeded');
    expect(ledger()).toHaveLength(2);
    for (const one of four) expect(await one.leave()).toBe(0);
  });

  it('run twice though a process is killed while one of them runs: perhaps it was done', async () => {
    const { start, ledger } = payers();
    const first = await start(transfers);
    expect(await first.pay('first')).toBe('started');
    await first.kill();
    const three = await Promise.all([1, 2, 3].map(() => start(transfers)));
    const answers = await payAll(three);
    expect(answers.filter((answer) => answer === 'started')).toHaveLength(1);
    // After its lease, too, for as long as the window counts it.
    const later = await start(transfers, { ahead: DAY / 2 });
    expect(await later.pay('later')).toBe('limit_exceeded');
    expect(ledger()).toHaveLength(2);
    const tomorrow = await start(transfers, { ahead: DAY + 60_000 });
    expect(await tomorrow.pay('tomorrow')).toBe('started');
  });
});

describe('what runs at once in several processes', () => {
  it('is one, and the next starts when that is over, or when the lease of a killed one is', async () => {
    const { start } = payers();
    const [first, second] = await Promise.all([start(oneAtATime), start(oneAtATime)]);
    expect(await first.pay('a')).toBe('started');
    expect(await second.pay('b')).toBe('limit_exceeded');
    first.finish();
    expect(await first.over('a')).toBe('paid');
    expect(await second.pay('c')).toBe('started');
    await second.kill();
    expect(await first.pay('d')).toBe('limit_exceeded');
    const later = await start(oneAtATime, { ahead: 16 * 60_000 });
    expect(await later.pay('e')).toBe('started');
    expect(await first.pay('f')).toBe('limit_exceeded');
  });
});

describe('a limit that four processes use up', () => {
  it.each(rounds)('gives away all there is, and no more (%i)', async () => {
    const { granted, killed } = await race({ max: 600 * races, processes: 4, kills: 0 });
    expect(new Set(granted).size).toBe(600 * races);
    expect(granted).toHaveLength(600 * races);
    expect(killed).toBe(0);
  });

  it.each(rounds)('gives away no more though some are killed in between (%i)', async () => {
    const { granted, killed, left } = await race({ max: 600 * races, processes: 4, kills: 4 });
    expect(killed).toBeGreaterThan(0);
    expect(new Set(granted).size).toBe(granted.length);
    expect(left).toBe(0);
    // What was granted to a process that died before it could say so stays spent.
    expect(granted.length).toBeLessThanOrEqual(600 * races);
    expect(granted.length).toBeGreaterThanOrEqual(600 * races - killed);
  });
});

describe('a stop switch that processes share', () => {
  const code = async (call: () => Promise<unknown>): Promise<unknown> => {
    try {
      return await call();
    } catch (error) {
      return isGuardError(error) ? error.code : error;
    }
  };

  it('ends what runs in every process and lets nothing start, also when its thrower is gone', async () => {
    const { path, start } = payers();
    const some = { ...oneAtATime, max: 5 };
    const [running, thrower] = await Promise.all([start(some), start(some)]);
    expect(await running.pay('a')).toBe('started');
    const limits = sqliteLimits(path);
    const stopSwitch = sqliteStopSwitch(path);
    onTestFinished(() => {
      limits.close();
      stopSwitch.close();
    });
    const guard = createGuard({ policy: () => 'allow', limits, stopSwitch });
    const here = guard.call({ tool: 'work', args: {} }, () => new Promise(() => undefined));

    await thrower.stop('incident 7');
    expect(await thrower.leave()).toBe(0);
    expect(await running.over('a')).toBe('stopped');
    expect(await code(() => here)).toBe('stopped');
    expect(await running.pay('b')).toBe('stopped');
    const late = await start(some);
    expect(await late.pay('c')).toBe('stopped');

    stopSwitch.resume();
    expect(await guard.call({ tool: 'work', args: {} }, () => 'done')).toBe('done');
  });

  it('ends what waits for a person in another process', async () => {
    const { path, start, ledger } = payers();
    const other = await start(oneAtATime, { asks: true });
    expect(await Promise.all([other.pay('a'), other.pay('b')])).toEqual(['asked', 'asked']);
    const stopSwitch = sqliteStopSwitch(path);
    onTestFinished(() => stopSwitch.close());
    stopSwitch.stop('incident 7');
    expect(await Promise.all([other.over('a'), other.over('b')])).toEqual(['stopped', 'stopped']);
    expect(await other.pay('c')).toBe('stopped');
    expect(ledger()).toEqual([]);
    expect(await other.leave()).toBe(0);
  });

  it('is seen at the gate at once: a process that runs nothing looks for nothing in between', async () => {
    const { path, start } = payers();
    const other = await start({ ...oneAtATime, max: 5 });
    const stopSwitch = sqliteStopSwitch(path);
    onTestFinished(() => stopSwitch.close());
    for (let i = 0; i < 20; i += 1) {
      const undo = stopSwitch.stop('now');
      expect(await other.pay(`stopped ${i}`)).toBe('stopped');
      undo();
      expect(await other.pay(`not stopped ${i}`)).toBe('started');
      other.finish();
      await other.over(`not stopped ${i}`);
    }
    expect(await other.leave()).toBe(0);
  });
});

describe('a process that closed neither limits nor stop switch', () => {
  it('ends by itself, although a call was just settled and another never ends', async () => {
    const { path } = payers();
    const program = `
      import { createGuard } from '@guardstile/core';
      import { sqliteLimits, sqliteStopSwitch } from '@guardstile/limits';
      const limits = [{ id: 'x', max: 5, windowMs: 60000 }, { id: 'y', max: 5, windowMs: 'running' }];
      const guard = createGuard({
        policy: () => ({ effect: 'allow', limits }),
        limits: sqliteLimits(${JSON.stringify(path)}),
        stopSwitch: sqliteStopSwitch(${JSON.stringify(path)}),
      });
      await guard.call({ tool: 'x', args: {} }, async () => 1);
      void guard.call({ tool: 'x', args: {} }, () => new Promise(() => undefined));
      console.log('left');
    `;
    const args = ['--input-type=module', '-e', program];
    const { code, output } = await run(process.execPath, args, { cwd: import.meta.dirname });
    expect({ code, output }).toEqual({ code: 0, output: 'left\n' });
  });
});
