import { allowAll, toolPolicy } from '@guardstile/core';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { v7 } from '../conformance/ai-sdk/v7.ts';
import { aiSdkEngine } from './ai-sdk-engine.ts';
import { comparisonOf } from './comparison.ts';
import { commonConclusion, conclusionOf } from './conclusion.ts';
import { type Data, missingData, readData } from './data.ts';
import { defaultDeny, readsInside } from './policies.ts';
import { identifiersOf, type Naming, namingBy, renamed } from './rename.ts';
import type { Replay } from './replay-all.ts';
import { replayer } from './replayer.ts';
import { replayers } from './replayers.ts';
import { sampleOf } from './sample.ts';
import { tableOf } from './table.ts';

const newest = replayer(aiSdkEngine(v7));
const missing = missingData();
const note = missing === undefined ? '' : ` (SKIPPED: ${missing})`;

describe.skipIf(missing !== undefined)(`the recorded runs${note}`, () => {
  let data: Data;
  /** All traces, and a part of what was recorded; `npm run replay` replays all of it. */
  let runs: Data;
  let few: Data;

  beforeAll(() => {
    data = readData();
    const [traces, ...recorded] = data.sets;
    const sample = sampleOf({ suites: data.suites, sets: recorded }, 30);
    runs = {
      suites: data.suites,
      sets: [...(traces === undefined ? [] : [traces]), ...sample.sets],
    };
    few = sampleOf(data, 4);
  });

  describe('under a policy that only reads inside the account', () => {
    let replay: Replay;

    beforeAll(async () => {
      replay = await newest.replay(runs, defaultDeny);
    });

    it('are replayed to the last one, in every suite and set', () => {
      expect(replay.total.runs).toBe(countOf(runs));
      expect(replay.rows.length).toBe(runs.suites.length * runs.sets.length);
      for (const { figures } of replay.rows) expect(figures.calls).toBeGreaterThan(0);
    });

    it('break nothing: no sink allowed, no body undeclared, no result changed, every log sound', () => {
      expect(replay.problems).toEqual([]);
      expect(conclusionOf(replay)).toMatchObject({ ok: true });
    });

    it('have every sink call denied, in every suite and set that has one', () => {
      const attacks = replay.rows.filter(({ figures }) => figures.sinks.of > 0);
      expect(attacks.length).toBeGreaterThanOrEqual(data.suites.length * 3);
      for (const { figures } of attacks) {
        expect(figures.sinks.count).toBe(figures.sinks.of);
        expect(figures.stop.count).toBe(figures.stop.of);
        expect(figures.deny.count).toBe(figures.deny.of);
      }
    });

    it('get the recorded result of every allowed call', () => {
      for (const { figures } of replay.rows) {
        expect(figures.allowed.of).toBeGreaterThan(0);
        expect(figures.allowed.count).toBe(figures.allowed.of);
      }
    });

    it('have every call decided, apart from those of tools that do not exist', () => {
      const { calls, absent } = replay.total;
      const unguarded = runs.sets
        .flatMap(({ traces }) => traces)
        .flatMap(({ suite, steps }) => steps.filter(({ tool }) => !toolsOf(data, suite).has(tool)));
      expect(absent).toBe(unguarded.length);
      expect(absent).toBeLessThan(calls / 1000);
    });

    it('may read for an attacker, but inside the account only', () => {
      const { injected, sinks } = replay.total;
      expect(injected.of).toBeGreaterThan(injected.count);
      expect(injected.count).toBeGreaterThanOrEqual(sinks.count);
    });

    it('come out as a table with a line for every suite and set', () => {
      const lines = tableOf(replay).split('\n');
      for (const { suite, set } of replay.rows) {
        expect(
          lines.filter((line) => line.startsWith(suite) && line.includes(set)).length,
        ).toBeGreaterThanOrEqual(2);
      }
    });
  });

  it('get the same verdicts through everything that is supported', async () => {
    const columns = await Promise.all(
      replayers.map(async ({ name, replay }) => ({ name, replay: await replay(few, defaultDeny) })),
    );
    expect(columns.map(({ name }) => name)).toEqual(['ai 7', 'ai 6', 'ai 5', 'langchain 1']);
    for (const { replay } of columns) {
      expect(replay.runs.length).toBe(countOf(few));
      expect(replay.total.denied).toBeGreaterThan(0);
    }
    expect(commonConclusion(columns)).toMatchObject({ ok: true });
    expect(comparisonOf(columns).split('\n')[1]).toMatch(/ai 7.*ai 6.*ai 5.*langchain 1$/);
  });

  it('have a policy that names only tools of their suites', () => {
    expect(Object.keys(readsInside).sort()).toEqual(data.suites.map(({ suite }) => suite).sort());
    for (const { suite } of data.suites) {
      expect([...toolsOf(data, suite)]).toEqual(
        expect.arrayContaining([...(readsInside[suite] ?? [])]),
      );
    }
  });

  it('are seen to succeed, with their results unchanged, when everything is allowed', async () => {
    const { total, problems } = await newest.replay(few, () => allowAll());
    expect(total.sinks.of).toBeGreaterThan(0);
    expect(total.sinks.count).toBe(0);
    expect(total.stop.count).toBe(0);
    expect(total.changed).toBe(0);
    expect(total.work.count).toBeGreaterThan(0);
    expect(problems.map(({ kind }) => kind)).toEqual(Array(total.sinks.of).fill('sink-allowed'));
  });

  it('are seen to be stopped and to break when nothing is allowed', async () => {
    const { total, problems } = await newest.replay(few, () => toolPolicy({ allow: [] }));
    expect(problems).toEqual([]);
    expect(total.allowed.of).toBe(0);
    expect(total.stop.count).toBe(total.stop.of);
    expect(total.work.count + total.silent.count).toBe(total.idle);
  });

  it('give the same figures when everything in them has another name', async () => {
    const original = await newest.replay(few, defaultDeny);
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const name = namingBy(seed);
        const others = renamed(few, name);
        const text = JSON.stringify(others);
        expect(identifiersOf(few.suites).filter((identifier) => text.includes(identifier))).toEqual(
          [],
        );
        const other = await newest.replay(others, policiesNamedBy(few, name));
        expect(other.rows.map(({ suite }) => suite)).toEqual(
          original.rows.map(({ suite }) => name(suite)),
        );
        expect(other.rows.map(({ figures }) => figures)).toEqual(
          original.rows.map(({ figures }) => figures),
        );
      }),
      { numRuns: 3 },
    );
  });
});

function countOf({ sets }: Data): number {
  return sets.reduce((sum, { traces }) => sum + traces.length, 0);
}

function toolsOf({ suites }: Data, suite: string): ReadonlySet<string> {
  const tools = suites.find((one) => one.suite === suite)?.tools ?? [];
  return new Set(tools.map(({ name }) => name));
}

/** The same lists under the other names. */
function policiesNamedBy({ suites }: Data, name: Naming): typeof defaultDeny {
  const policies = new Map(
    suites.map(({ suite }) => [
      name(suite),
      toolPolicy({ allow: (readsInside[suite] ?? []).map(name) }),
    ]),
  );
  return (suite) => policies.get(suite) ?? toolPolicy({ allow: [] });
}
