import { allowAll, createGuard } from '@guardstile/core';
import { expect, it } from 'vitest';
import type { AdapterHarness } from './harness.ts';
import { gate } from './gate.ts';
import { outcomeOf } from './outcome-of.ts';
import { call, sample } from './sample.ts';
import { actionsOf } from './trail.ts';

class QuotaError extends Error {
  override readonly name = 'QuotaError';
  readonly left = 0;
}

/** Results, errors and parallel calls of what is allowed. */
export function results<Tools>(harness: AdapterHarness<Tools>): void {
  const { errorObjects, parallel } = harness.capabilities;

  const failures = (error: Error) => [
    sample('thrower', {
      run: () => {
        throw error;
      },
    }),
    sample('rejecter', {
      run: async () => {
        throw error;
      },
    }),
  ];
  const steps = [[call('thrower'), call('rejecter')]];

  it(
    errorObjects
      ? 'keeps the very errors of tools'
      : 'keeps the text of errors, as the framework keeps nothing else',
    async () => {
      const error = new QuotaError('the quota is spent');
      const tools = harness.guard(harness.tools(failures(error)), allowAll());
      const run = await harness.run(tools, steps);
      for (const id of ['thrower', 'rejecter']) {
        const outcome = outcomeOf(run, id);
        if (errorObjects) expect(outcome.error).toBe(error);
        else expect(outcome.error ?? outcome.seen).toMatch(/the quota is spent/);
      }
    },
  );

  it('lets the model read of a failure what it reads without a guard', async () => {
    const tools = harness.tools(failures(new QuotaError('the quota is spent')));
    const plain = await harness.run(tools, steps);
    const guard = createGuard({ policy: allowAll() });
    const guarded = await harness.run(harness.guard(tools, guard), steps);
    for (const id of ['thrower', 'rejecter']) {
      expect(outcomeOf(guarded, id).seen).toContain('the quota is spent');
      expect(outcomeOf(guarded, id).seen).toBe(outcomeOf(plain, id).seen);
    }
    expect((await actionsOf(guard)).toSorted()).toEqual([
      'tool.allow',
      'tool.allow',
      'tool.outcome error',
      'tool.outcome error',
    ]);
  });

  it('keeps obligations on results', async () => {
    const lookup = sample('lookup', { run: () => ({ name: 'Ada', iban: 'CH93 0076' }) });
    const tools = harness.guard(harness.tools([lookup]), () => ({
      effect: 'allow',
      obligations: [{ type: 'redact', fields: ['iban'] }],
    }));
    const run = await harness.run(tools, [[call('lookup')]]);
    expect(outcomeOf(run, 'lookup').seen).toContain('Ada');
    expect(outcomeOf(run, 'lookup').seen).not.toContain('0076');
  });

  if (parallel) {
    it('lets the calls of one step run at once', async () => {
      const cities = ['Bern', 'Basel', 'Chur'];
      const arrived = gate();
      let started = 0;
      const weather = sample('weather', {
        // Every body waits for all others to have started.
        run: async (given) => {
          started += 1;
          if (started === cities.length) arrived.open();
          await arrived.opened;
          return given;
        },
      });
      const tools = harness.guard(harness.tools([weather]), async () => 'allow' as const);
      const run = await harness.run(tools, [cities.map((city) => call('weather', { city }, city))]);
      for (const city of cities) expect(outcomeOf(run, city).seen).toContain(city);
    });
  } else {
    it('lets the calls of one step run one after the other, as the framework does', async () => {
      const order: string[] = [];
      const weather = sample('weather', {
        run: async (given) => {
          const { city } = given as { readonly city: string };
          order.push(`${city} starts`);
          await Promise.resolve();
          order.push(`${city} ends`);
          return city;
        },
      });
      const tools = harness.guard(harness.tools([weather]), async () => 'allow' as const);
      await harness.run(tools, [
        [call('weather', { city: 'Bern' }, 'a'), call('weather', { city: 'Basel' }, 'b')],
      ]);
      expect(order).toEqual(['Bern starts', 'Bern ends', 'Basel starts', 'Basel ends']);
    });
  }
}
