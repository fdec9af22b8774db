import { writeFileSync } from 'node:fs';
import { v7 } from '../../conformance/ai-sdk/v7.ts';
import { aiSdkEngine } from '../ai-sdk-engine.ts';
import { type Data, dataDirectory, missingData } from '../data.ts';
import { langchainTools } from '../langchain-engine.ts';
import { contenders } from './contenders.ts';
import type { Contender, Ground } from './contender.ts';
import { readFolder } from './data-folder.ts';
import { adapterOf, type Evaluation, evaluate } from './evaluation.ts';
import { figuresOf } from './figures.ts';
import { detailsOf, summaryOf } from './figures-table.ts';
import { givenSetsBy } from './given-lists.ts';
import { legend } from './legend.ts';
import { type Options, optionsOf, USAGE } from './options.ts';
import { CI_EVERY, fallsOf, publish, readPublished } from './published.ts';
import { reasonsOf } from './reasons.ts';
import { readSuitePolicies } from './suite-policies.ts';
import { takeEvery } from './take-every.ts';

// `npm run attacks`: what the policies make of every recorded run, through both adapters. Exits with
// 1 when the adapters decide differently, or a figure falls below the published one.

const adapters = [adapterOf(aiSdkEngine(v7)), adapterOf(langchainTools)] as const;

async function main(options: Options): Promise<void> {
  const missing = options.data === dataDirectory ? missingData() : undefined;
  if (missing !== undefined) return console.log(`SKIPPED: nothing was measured, because ${missing}.`);
  const chosen = contendersOf(options);
  const data = takeEvery(readFolder(options.data), options.every);
  const grounds = groundsOf(data, options);
  if (options.every > 1) {
    console.log(`A part: all pairs, of recorded runs every ${options.every}th. Without --every: all.\n`);
  }
  const evaluations: Evaluation[] = [];
  for (const contender of chosen) {
    const evaluation = await evaluate(contender, data, grounds, adapters);
    evaluations.push(evaluation);
    console.log(`${detailsOf(evaluation)}\n`);
    if (options.why) console.log(`${reasonsOf(evaluation)}\n`);
  }
  console.log(`${summaryOf(evaluations)}\n\n${legend}\n`);
  if (options.json !== undefined) writeFileSync(options.json, jsonOf(evaluations, options));
  if (!conclude(evaluations, options)) process.exitCode = 1;
}

function contendersOf({ only }: Options): readonly Contender[] {
  const unknown = only.find((name) => !contenders.some((one) => one.name === name));
  if (unknown !== undefined) {
    const names = contenders.map(({ name }) => name).join(', ');
    throw new Error(`--only ${unknown}: there is no such policy; there are ${names}`);
  }
  return only.length === 0 ? contenders : contenders.filter(({ name }) => only.includes(name));
}

function groundsOf({ suites }: Data, { policies, suites: named, data }: Options): readonly Ground[] {
  const unknown = named.find((name) => !suites.some(({ suite }) => suite === name));
  if (unknown !== undefined) {
    const names = suites.map(({ suite }) => suite).join(', ');
    throw new Error(`--suite ${unknown}: ${data} has no such suite; there are ${names}`);
  }
  const givenSets = givenSetsBy();
  return suites
    .filter(({ suite }) => named.length === 0 || named.includes(suite))
    .map((suite) => {
      const own = readSuitePolicies(policies, suite.suite);
      if (own.flow === undefined && own.rules === undefined) {
        const { suite: name } = suite;
        throw new Error(`${policies} has no policy for the suite ${name}: no ${name}-flow.yaml`);
      }
      return { suite, policies: own, givenSets };
    });
}

function conclude(evaluations: readonly Evaluation[], options: Options): boolean {
  const [first, second] = adapters;
  const bad = evaluations.flatMap(({ contender, differences, problems }) =>
    [...differences, ...problems].map((line) => `${contender.name}: ${line}`),
  );
  if (bad.length > 0) {
    console.log(`${bad.slice(0, SHOWN).join('\n')}\nFAILED: ${bad.length} differences and problems`);
    return false;
  }
  const runs = figuresOf(evaluations.flatMap(({ rows }) => rows.flatMap((row) => row.runs))).runs;
  if (runs === 0) {
    console.log('FAILED: there was no run to measure');
    return false;
  }
  const seconds = evaluations.reduce((sum, one) => sum + one.seconds, 0).toFixed(1);
  console.log(
    `${first.name} and ${second.name}: the same verdict on every call. ${runs} runs each, ${seconds} s.`,
  );
  if (options.publish) {
    publish(evaluations);
    console.log('Published.');
    return true;
  }
  return compare(evaluations, options);
}

/** How many lines are written out. */
const SHOWN = 20;

function compare(evaluations: readonly Evaluation[], { own, every, suites }: Options): boolean {
  const which = every === 1 ? 'all' : every === CI_EVERY ? 'ci' : undefined;
  if (!own || which === undefined || suites.length > 0) {
    console.log('Not compared: figures are published of the whole data set, and of what CI takes.');
    return true;
  }
  const falls = fallsOf(evaluations, readPublished(), which);
  if (falls.length === 0) {
    console.log('No figure is below the published one.');
    return true;
  }
  console.log(`${falls.join('\n')}\nFAILED: ${falls.length} figures fell below the published ones`);
  return false;
}

function jsonOf(evaluations: readonly Evaluation[], { every }: Options): string {
  const policies = evaluations.map(({ contender, rows, leftOut, differences, seconds }) => ({
    policy: contender.name,
    seconds,
    leftOut,
    differences,
    all: figuresOf(rows.flatMap(({ runs }) => runs)),
    rows: rows.map(({ suite, set, runs }) => ({
      suite,
      set,
      figures: figuresOf(runs),
      verdicts: runs.map(({ calls }) => calls.map(({ verdict }) => verdict).join(' ')),
    })),
  }));
  return `${JSON.stringify({ every, adapters: adapters.map(({ name }) => name), policies }, null, 1)}\n`;
}

try {
  await main(optionsOf(process.argv.slice(2)));
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = 2;
}
