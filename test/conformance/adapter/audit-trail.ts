import { createGuard, digest, memoryAudit, verifyEntry } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';
import { trailOf } from './trail.ts';

/** What the log says afterwards. */
export function auditTrail<Tools>(harness: AdapterHarness<Tools>): void {
  async function mixedRun() {
    const audit = memoryAudit({ key: 'only for this test' });
    const guard = createGuard({
      audit,
      policy: ({ tool }) => {
        if (tool.name === 'wipe') return { effect: 'deny', reason: 'it is closed', rule: 'closed' };
        return tool.name === 'refund' ? 'ask' : 'allow';
      },
      approver: () => 'approve',
    });
    const samples = [
      sample('weather'),
      sample('wipe'),
      sample('refund'),
      sample('broken', {
        run: () => {
          throw new Error('no such city');
        },
      }),
    ];
    const tools = harness.guard(harness.tools(samples), guard);
    const names = samples.map(({ name }) => name);
    // One call per step, so that the order of entries is one.
    const run = await harness.run(
      tools,
      names.map((name) => [call(name)]),
    );
    return { audit, guard, run };
  }

  it('tells of every call what was decided and what came of it', async () => {
    const { guard } = await mixedRun();
    const trail = await trailOf(guard);
    expect(
      trail.map(({ tool, action, status }) => [
        tool,
        action,
        ...(status === undefined ? [] : [status]),
      ]),
    ).toEqual([
      ['weather', 'tool.allow'],
      ['weather', 'tool.outcome', 'ok'],
      ['wipe', 'tool.deny'],
      ['refund', 'tool.ask'],
      ['refund', 'approval.approve'],
      ['refund', 'tool.allow'],
      ['refund', 'tool.outcome', 'ok'],
      ['broken', 'tool.allow'],
      ['broken', 'tool.outcome', 'error'],
    ]);
  });

  it("ties the entries of a call together, by the framework's own id too", async () => {
    const { guard } = await mixedRun();
    const trail = await trailOf(guard);
    for (const name of ['weather', 'wipe', 'refund', 'broken']) {
      const own = trail.filter(({ tool }) => tool === name);
      expect(new Set(own.map(({ rid }) => rid)).size).toBe(1);
      expect(new Set(own.map(({ call: id }) => id))).toEqual(new Set([name]));
      const attempts = own.filter(({ attempt }) => attempt !== undefined);
      expect(attempts).toHaveLength(name === 'wipe' ? 0 : 2);
      expect(new Set(attempts.map(({ attempt }) => attempt)).size).toBe(name === 'wipe' ? 0 : 1);
    }
  });

  it('names the arguments by their digest, and rule and reason of a denial', async () => {
    const { guard } = await mixedRun();
    const trail = await trailOf(guard);
    const decisions = trail.filter(({ kind }) => kind === 'decision');
    expect(decisions).toHaveLength(5);
    for (const entry of decisions) {
      expect(entry.digest).toBe(digest('args', { city: 'Bern' }));
      expect(entry.args).toEqual({ city: 'Bern' });
    }
    expect(trail.find(({ action }) => action === 'tool.deny')).toMatchObject({
      rule: 'closed',
      reason: expect.stringContaining('it is closed') as string,
    });
  });

  it('verifies, as a whole and by entry', async () => {
    const { audit } = await mixedRun();
    expect(await audit.verify()).toMatchObject({ ok: true, entries: 10 });
    for (const entry of await audit.query()) {
      expect(verifyEntry(entry, 'only for this test')).toBe(true);
    }
  });

  it('holds no secret of arguments, while body and policy see it', async () => {
    const secret = `sk-${'a1b2c3d4'.repeat(4)}`;
    let decided: unknown;
    const weather = sample('weather');
    const guard = createGuard({
      policy: ({ args }) => {
        decided = args;
        return 'allow';
      },
    });
    const tools = harness.guard(harness.tools([weather]), guard);
    const run = await harness.run(tools, [[call('weather', { city: secret })]]);
    expect(outcomeOf(run, 'weather').seen).toContain(secret);
    expect(decided).toEqual({ city: secret });
    expect(weather.runs).toEqual([{ city: secret }]);
    expect(JSON.stringify(await trailOf(guard))).not.toContain(secret);
  });

  it('starts no body that it could not write down', async () => {
    const weather = sample('weather');
    const audit = memoryAudit();
    const guard = createGuard({
      policy: () => 'allow',
      audit: {
        ...audit,
        append: () => {
          throw new Error('the disk is full');
        },
      },
    });
    const run = await harness.run(harness.guard(harness.tools([weather]), guard), [
      [call('weather')],
    ]);
    expect(weather.runs).toEqual([]);
    expect(outcomeOf(run, 'weather').seen).toContain('the disk is full');
    expect(run.answer).toBeDefined();
  });
}
