import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testPolicy } from '@guardstile/policy-file';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { v7 } from '../../conformance/ai-sdk/v7.ts';
import { workspaceRoot } from '../../support/workspace-root.ts';
import { aiSdkEngine } from '../ai-sdk-engine.ts';
import { type Data, missingData, readData } from '../data.ts';
import { langchainTools } from '../langchain-engine.ts';
import { identifiersOf, namingBy, type Naming, renamed } from '../rename.ts';
import { sampleOf } from '../sample.ts';
import type { Ground } from './contender.ts';
import { contenders } from './contenders.ts';
import { adapterOf, type Evaluation, evaluate } from './evaluation.ts';
import { figuresOf } from './figures.ts';
import { givenSetsBy } from './given-lists.ts';
import { renamedPolicies } from './rename-policies.ts';
import { readSuitePolicies } from './suite-policies.ts';

const adapters = [adapterOf(aiSdkEngine(v7)), adapterOf(langchainTools)] as const;
const folder = join(workspaceRoot, 'examples/policies');
const missing = missingData();
const note = missing === undefined ? '' : ` (SKIPPED: ${missing})`;

describe.skipIf(missing !== undefined)(`the policies of the recorded suites${note}`, () => {
  /** A few runs of each suite and set; `npm run attacks` takes all. */
  let few: Data;
  let original: readonly Evaluation[];

  beforeAll(async () => {
    few = sampleOf(readData(), 2);
    original = await evaluated(few, plainly);
  });

  it('get the same verdict on every call through both adapters', () => {
    for (const { contender, differences, problems, rows } of original) {
      expect({ policy: contender.name, differences, problems }).toEqual({
        policy: contender.name,
        differences: [],
        problems: [],
      });
      expect(rows.length).toBeGreaterThan(few.suites.length * 3);
    }
  });

  it('get the same figures when everything in data and policies has another name', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), async (seed) => {
        const name = namingBy(seed);
        const others = renamed(few, name);
        const text = JSON.stringify(others);
        expect(identifiersOf(few.suites).filter((one) => text.includes(one))).toEqual([]);
        const evaluations = await evaluated(others, name);
        expect(figuresIn(evaluations)).toEqual(figuresIn(original));
        expect(evaluations.flatMap(({ differences }) => differences)).toEqual([]);
      }),
      { numRuns: 1 },
    );
  });

  it('hold no value of the data', () => {
    const values = few.suites.flatMap((suite) => [
      ...suite.injectionTasks.flatMap(({ sinks }) =>
        sinks.map(({ argsContain }) => argsContain.replaceAll('"', '')),
      ),
      ...Object.values(givenSetsBy()(suite)).flat(),
    ]);
    expect(values.length).toBeGreaterThan(20);
    const words = new Set(
      policyTexts()
        .join('\n')
        .split(/[\s'"[\]{},:]+/),
    );
    expect(values.filter((value) => words.has(value))).toEqual([]);
  });

  async function evaluated(data: Data, name: Naming): Promise<readonly Evaluation[]> {
    const grounds = few.suites.map((own, n): Ground => {
      const policies = renamedPolicies(readSuitePolicies(folder, own.suite), own, name);
      return { suite: data.suites[n] ?? own, policies, givenSets: givenSetsBy(name) };
    });
    const evaluations: Evaluation[] = [];
    for (const contender of contenders.filter(({ name: own }) => MEASURED.includes(own))) {
      evaluations.push(await evaluate(contender, data, grounds, adapters));
    }
    return evaluations;
  }
});

/** The others look at facts only. */
const MEASURED = ['flow', 'flow-deny', 'rules', 'coarse'];

const plainly: Naming = (identifier) => identifier;

function figuresIn(evaluations: readonly Evaluation[]) {
  return evaluations.map(({ contender, rows }) => [
    contender.name,
    rows.map(({ set, runs }) => [set, figuresOf(runs)]),
  ]);
}

const FILES = ['banking-flow', 'slack-flow', 'banking', 'slack'];

function policyTexts(): readonly string[] {
  return FILES.map((file) => readFileSync(join(folder, `${file}.yaml`), 'utf8'));
}

describe('the policies', () => {
  it.each(['banking-flow', 'slack-flow'])('%s is written from at most ten sentences', (file) => {
    const text = readFileSync(join(folder, `${file}.yaml`), 'utf8');
    const sentences = text.split('\n').filter((line) => /^# +\d+\. /.test(line));
    expect(sentences.length).toBeGreaterThan(0);
    expect(sentences.length).toBeLessThanOrEqual(10);
  });

  it.each(['banking-flow', 'slack-flow', 'slack'])(
    '%s passes the tests that it brings',
    async (file) => {
      const results = await testPolicy(join(folder, `${file}.yaml`));
      expect(results.length).toBeGreaterThan(9);
      expect(results.filter(({ passed }) => !passed)).toEqual([]);
    },
  );
});
